/// The filters of PNG's rows. Source: PNG 3rd edition §9.
enum PNGFilter {
    /// What Paeth's filter predicts from the pixel to the left, above and above left.
    @inline(__always)
    private static func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
        let (a, b, c) = (Int(left), Int(above), Int(corner))
        let toLeft = abs(b - c)
        let toAbove = abs(a - c)
        let toCorner = abs(a + b - 2 * c)
        if toLeft <= toAbove && toLeft <= toCorner { return left }
        return toAbove <= toCorner ? above : corner
    }

    /// Undoes the filters of a pass in place: `height` rows of a filter byte and `count` bytes.
    ///
    /// - Parameters:
    ///   - start: the offset of the first row's filter byte.
    ///   - distance: whole bytes of one pixel.
    static func restore(
        _ raw: inout [UInt8], from start: Int, height: Int, count: Int, distance: Int
    ) throws(PNGError) {
        for row in 0..<height {
            let at = start + row * (count + 1)
            let type = raw[at]
            guard type < 5 else { throw .badFilter(type) }
            guard type > 0 else { continue }
            let isFirst = row == 0
            unsafe raw.withUnsafeMutableBufferPointer { raw in
                for index in 0..<count {
                    let here = at + 1 + index
                    let left = unsafe index < distance ? 0 : raw[here - distance]
                    let above = unsafe isFirst ? 0 : raw[here - count - 1]
                    let predicted: UInt8
                    switch type {
                    case 1: predicted = left
                    case 2: predicted = above
                    case 3: predicted = UInt8((Int(left) + Int(above)) >> 1)
                    default:
                        let isCorner = isFirst || index < distance
                        let corner = unsafe isCorner ? 0 : raw[here - count - 1 - distance]
                        predicted = paeth(left, above, corner)
                    }
                    unsafe raw[here] = unsafe raw[here] &+ predicted
                }
            }
        }
    }

    /// The rows with the filter before each that makes the smallest sum of differences, which is
    /// what the specification advises (§12.7).
    ///
    /// - Parameter rows: `height` rows of `count` bytes.
    static func choose(_ rows: [UInt8], height: Int, count: Int, distance: Int) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(height * (count + 1))
        var best = [UInt8](repeating: 0, count: count)
        var tried = best
        for row in 0..<height {
            var bestType: UInt8 = 0
            var bestSum = Int.max
            for type in UInt8(0)...4 {
                let sum = apply(
                    type, rows, row: row, count: count, distance: distance, into: &tried)
                guard sum < bestSum else { continue }
                (bestSum, bestType) = (sum, type)
                swap(&best, &tried)
            }
            output.append(bestType)
            output += best
        }
        return output
    }

    /// Filters one row; the sum of what is left, each byte taken as a signed number.
    private static func apply(
        _ type: UInt8, _ rows: [UInt8], row: Int, count: Int, distance: Int,
        into output: inout [UInt8]
    ) -> Int {
        let start = row * count
        var sum = 0
        unsafe rows.withUnsafeBufferPointer { rows in
            unsafe output.withUnsafeMutableBufferPointer { output in
                for index in 0..<count {
                    let here = start + index
                    let left = unsafe index < distance ? 0 : rows[here - distance]
                    let above = unsafe row == 0 ? 0 : rows[here - count]
                    let isCorner = row == 0 || index < distance
                    let corner = unsafe isCorner ? 0 : rows[here - count - distance]
                    let predicted: UInt8 =
                        switch type {
                        case 0: 0
                        case 1: left
                        case 2: above
                        case 3: UInt8((Int(left) + Int(above)) >> 1)
                        default: paeth(left, above, corner)
                        }
                    let difference = unsafe rows[here] &- predicted
                    unsafe output[index] = difference
                    sum += Int(Int8(bitPattern: difference).magnitude)
                }
            }
        }
        return sum
    }
}
