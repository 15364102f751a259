/// The filters of PNG's rows. Source: PNG 3rd edition §9.
///
/// The loops are written out for each filter: they are where decoding and encoding spend their
/// time, next to zlib.
enum PNGFilter {
    /// What Paeth's filter predicts from the pixel to the left, above and above left.
    @inline(__always)
    private static func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
        let (a, b, c) = (Int32(left), Int32(above), Int32(corner))
        let toLeft = abs(b - c)
        let toAbove = abs(a - c)
        let toCorner = abs(a + b - 2 * c)
        if toLeft <= toAbove && toLeft <= toCorner { return left }
        return toAbove <= toCorner ? above : corner
    }

    @inline(__always)
    private static func mean(_ left: UInt8, _ above: UInt8) -> UInt8 {
        UInt8(truncatingIfNeeded: (UInt32(left) + UInt32(above)) >> 1)
    }

    /// Undoes the filters of a pass in place: `height` rows of a filter byte and `count` bytes.
    ///
    /// - Parameters:
    ///   - start: the offset of the first row's filter byte.
    ///   - distance: whole bytes of one pixel.
    static func restore(
        _ raw: inout [UInt8], from start: Int, height: Int, count: Int, distance: Int
    ) throws(PNGError) {
        precondition(start + height * (count + 1) <= raw.count, "rows within the data")
        // Above the first row all is zero.
        let zeros = [UInt8](repeating: 0, count: count)
        for row in 0..<height {
            let at = start + row * (count + 1)
            let type = raw[at]
            guard type < 5 else { throw .badFilter(type) }
            guard type > 0 else { continue }
            unsafe raw.withUnsafeMutableBufferPointer { raw in
                unsafe zeros.withUnsafeBufferPointer { zeros in
                    guard let base = raw.baseAddress, let zero = zeros.baseAddress else { return }
                    let above = unsafe row == 0 ? zero : UnsafePointer(base + at - count)
                    unsafe restore(base + at + 1, above, type, count, min(distance, count))
                }
            }
        }
    }

    /// Undoes one row's filter. `above` is the row above, restored.
    private static func restore(
        _ row: UnsafeMutablePointer<UInt8>, _ above: UnsafePointer<UInt8>, _ type: UInt8,
        _ count: Int, _ distance: Int
    ) {
        // The first pixel has nothing to its left.
        for index in 0..<distance {
            switch type {
            case 2, 4: unsafe row[index] &+= above[index]
            case 3: unsafe row[index] &+= above[index] >> 1
            default: break
            }
        }
        switch type {
        case 1: for at in distance..<count { unsafe row[at] &+= row[at - distance] }
        case 2: for at in distance..<count { unsafe row[at] &+= above[at] }
        case 3:
            for at in distance..<count { unsafe row[at] &+= mean(row[at - distance], above[at]) }
        default:
            for at in distance..<count {
                unsafe row[at] &+= paeth(row[at - distance], above[at], above[at - distance])
            }
        }
    }

    /// The rows with the filter before each that makes the smallest sum of differences, which is
    /// what the specification advises (§12.7).
    ///
    /// - Parameter rows: `height` rows of `count` bytes.
    static func choose(_ rows: [UInt8], height: Int, count: Int, distance: Int) -> [UInt8] {
        precondition(height * count <= rows.count, "rows within the data")
        var output: [UInt8] = []
        output.reserveCapacity(height * (count + 1))
        let zeros = [UInt8](repeating: 0, count: count)
        var best = zeros
        var tried = zeros
        for row in 0..<height {
            var bestType: UInt8 = 0
            var bestSum = Int.max
            for type in UInt8(0)...4 {
                unsafe rows.withUnsafeBufferPointer { rows in
                    unsafe zeros.withUnsafeBufferPointer { zeros in
                        guard let base = rows.baseAddress, let zero = zeros.baseAddress else {
                            return
                        }
                        let start = unsafe base + row * count
                        let above = unsafe row == 0 ? zero : start - count
                        unsafe apply(type, start, above, min(distance, count), into: &tried)
                    }
                }
                let sum = tried.reduce(0) { $0 &+ Int(Int8(bitPattern: $1).magnitude) }
                guard sum < bestSum else { continue }
                (bestSum, bestType) = (sum, type)
                swap(&best, &tried)
            }
            output.append(bestType)
            output += best
        }
        return output
    }

    /// Filters one row of as many bytes as `output` has.
    private static func apply(
        _ type: UInt8, _ row: UnsafePointer<UInt8>, _ above: UnsafePointer<UInt8>,
        _ distance: Int, into output: inout [UInt8]
    ) {
        let count = output.count
        unsafe output.withUnsafeMutableBufferPointer { output in
            for at in 0..<distance {
                let predicted: UInt8 =
                    switch type {
                    case 2, 4: unsafe above[at]
                    case 3: unsafe above[at] >> 1
                    default: 0
                    }
                unsafe output[at] = unsafe row[at] &- predicted
            }
            switch type {
            case 0: for at in distance..<count { unsafe output[at] = unsafe row[at] }
            case 1:
                for at in distance..<count {
                    unsafe output[at] = unsafe row[at] &- row[at - distance]
                }
            case 2:
                for at in distance..<count { unsafe output[at] = unsafe row[at] &- above[at] }
            case 3:
                for at in distance..<count {
                    let predicted = unsafe mean(row[at - distance], above[at])
                    unsafe output[at] = unsafe row[at] &- predicted
                }
            default:
                for at in distance..<count {
                    let predicted = unsafe paeth(
                        row[at - distance], above[at], above[at - distance])
                    unsafe output[at] = unsafe row[at] &- predicted
                }
            }
        }
    }
}
