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
