import Tiles

extension ValueForm where Value == ClosedRange<Int> {
    /// Levels of a grid set, `3`, `0-5` or `0..5`.
    static var zoom: Self {
        Self { text throws(Complaint) in
            let isDotted = text.contains("..")
            let parts =
                isDotted
                ? text.split(separator: "..", omittingEmptySubsequences: false)
                : text.split(separator: "-", omittingEmptySubsequences: false)
            let numbers = parts.map { part in
                part.utf8.allSatisfy { 48...57 ~= $0 } ? Int(part) : nil
            }
            guard let first = numbers.first ?? nil, let last = numbers.last ?? nil,
                numbers.count <= 2, first <= last, last < 64
            else { throw Complaint("is no range of levels", "write 0-5, or 7 for one level") }
            return first...last
        }
    }
}

extension ValueForm where Value == Double {
    /// Tiles per second, `0.5` or `20`.
    static var rate: Self {
        Self { text throws(Complaint) in
            guard let rate = Double(text), rate >= 0.01, rate <= 10_000 else {
                throw Complaint("is no rate", "write tiles per second, from 0.01 to 10000")
            }
            return rate
        }
    }
}

extension ValueForm where Value == BoundingBox {
    /// `1000000,5000000,1500000,5500000`: the edges of a box in the units of a grid set.
    static var gridBounds: Self {
        Self { text throws(Complaint) in
            guard let box = BoundingBox(numbers: text) else {
                throw Complaint("is no box", "write WEST,SOUTH,EAST,NORTH in the grid set's units")
            }
            guard box.isProper else {
                throw Complaint("has no area", "write WEST,SOUTH,EAST,NORTH in this order")
            }
            return box
        }
    }
}
