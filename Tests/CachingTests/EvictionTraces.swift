import Caching

/// One request of a trace: which object, and how large it is.
struct Asked {
    var object: Int
    var pages: Int
}

/// Made-up loads that look like real ones; the same for the same seed.
enum Trace {
    /// Pages of an object: most tiles are small, some are large.
    static func pages(_ object: Int) -> Int {
        var random = Seeded(UInt64(truncatingIfNeeded: object) &+ 77)
        let roll = random.fraction()
        return roll < 0.6
            ? 1 : roll < 0.9 ? 2 + Int(random.next() % 4) : 6 + Int(random.next() % 10)
    }

    /// Independent requests, the k-th most popular object asked for in proportion to k^-exponent.
    static func zipf(_ exponent: Double, objects: Int, requests: Int, seed: UInt64) -> [Asked] {
        var random = Seeded(seed)
        var sums: [Double] = []
        var sum = 0.0
        for rank in 1...objects {
            sum += 1 / power(Double(rank), exponent)
            sums.append(sum)
        }
        return (0..<requests).map { _ in
            let wanted = random.fraction() * sum
            var (low, high) = (0, objects - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] < wanted { low = middle + 1 } else { high = middle }
            }
            return Asked(object: low, pages: pages(low))
        }
    }

    /// base^exponent for base ≥ 1: no mathematics library here.
    private static func power(_ base: Double, _ exponent: Double) -> Double {
        if exponent == 1 { return base }
        // ln by the series of artanh after halving to near 1, e^x by its own series.
        var (mantissa, halvings) = (base, 0.0)
        while mantissa > 1.5 { (mantissa, halvings) = (mantissa / 2, halvings + 1) }
        let ratio = (mantissa - 1) / (mantissa + 1)
        var (logarithm, term) = (0.0, ratio)
        for index in stride(from: 1.0, to: 40, by: 2) {
            logarithm += 2 * term / index
            term *= ratio * ratio
        }
        let total = exponent * (logarithm + halvings * 0.693_147_180_559_945_3)
        var (result, part) = (1.0, 1.0)
        for index in 1...60 {
            part *= total / 64 / Double(index)
            result += part
        }
        for _ in 0..<6 { result *= result }
        return result
    }

    /// Viewers who pan and zoom, each step asking for the tiles of a 5 × 4 view, and a crawler that
    /// from time to time walks through a strip of the deepest level once.
    static func panAndZoom(viewers: Int, steps: Int, seed: UInt64) -> [Asked] {
        var random = Seeded(seed)
        var views = (0..<viewers).map { _ in View(&random) }
        var trace: [Asked] = []
        var crawled = 0
        for step in 0..<steps {
            let index = Int(random.next() % UInt64(viewers))
            views[index].move(&random)
            for tile in views[index].tiles { trace.append(Asked(object: tile, pages: pages(tile))) }
            guard step % 10 == 0 else { continue }
            for _ in 0..<100 {
                let tile = 1 << 40 | crawled
                trace.append(Asked(object: tile, pages: pages(tile)))
                crawled += 1
            }
        }
        return trace
    }

    private struct View {
        var zoom: Int
        var x: Int
        var y: Int

        /// Begins somewhere near one of a few cities that everybody looks at.
        init(_ random: inout Seeded) {
            zoom = 6 + Int(random.next() % 4)
            let city = random.next() % 12 % (1 + random.next() % 12)
            var place = Seeded(city)
            let size = 1 << zoom
            x = Int(place.fraction() * Double(size))
            y = Int(place.fraction() * Double(size))
        }

        mutating func move(_ random: inout Seeded) {
            switch random.next() % 20 {
            case 0: self = View(&random)
            case 1, 2: if zoom < 13 { (zoom, x, y) = (zoom + 1, x * 2 + 1, y * 2 + 1) }
            case 3, 4: if zoom > 3 { (zoom, x, y) = (zoom - 1, x / 2, y / 2) }
            default:
                x += Int(random.next() % 5) - 2
                y += Int(random.next() % 3) - 1
            }
        }

        var tiles: [Int] {
            let mask = (1 << zoom) - 1
            return (0..<20).map { index in
                let column = (x + index % 5) & mask
                let row = (y + index / 5) & mask
                return zoom << 32 | row << 16 | column
            }
        }
    }
}
