import CloudFront
import HTTP
import Reactor

/// Where addresses are, as ranges that do not overlap; looked up by halving, without allocation.
final class CountryTable: Sendable {
    private struct Position: Comparable {
        var high: UInt64
        var low: UInt64

        static func < (left: Self, right: Self) -> Bool {
            (left.high, left.low) < (right.high, right.low)
        }

        var successor: Position? {
            if low < .max { return Position(high: high, low: low + 1) }
            return high < .max ? Position(high: high + 1, low: 0) : nil
        }
    }

    /// Where each range begins; it ends before the next.
    private let starts: [Position]
    private let countries: [UInt16]

    /// Of overlapping blocks the most specific counts. Blocks nest or are apart, as prefixes do.
    init(_ blocks: [CountryBlock]) {
        let sorted = blocks.map { (block: $0.block, code: Self.code($0.country)) }.sorted {
            let (left, right) = (Self.first($0.block), Self.first($1.block))
            return left == right
                ? $0.block.prefixLength < $1.block.prefixLength : left < right
        }
        var starts: [Position] = []
        var countries: [UInt16] = []
        func begin(_ start: Position, _ code: UInt16) {
            if starts.last == start {
                countries[countries.count - 1] = code
            } else {
                starts.append(start)
                countries.append(code)
            }
        }
        // The blocks around the present one, the innermost last.
        var around: [(end: Position, code: UInt16)] = []
        func leave(before start: Position?) {
            while let inner = around.last, start.map({ inner.end < $0 }) ?? true {
                around.removeLast()
                if let next = inner.end.successor { begin(next, around.last?.code ?? 0) }
            }
        }
        for (block, code) in sorted {
            leave(before: Self.first(block))
            begin(Self.first(block), code)
            around.append((Self.last(block), code))
        }
        leave(before: nil)
        (self.starts, self.countries) = (starts, countries)
    }

    /// The country's code, 0 where none is known.
    func country(of address: SocketAddress) -> UInt16 {
        let position = Position(high: address.high, low: address.low)
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : countries[low - 1]
    }

    private static func code(_ country: String) -> UInt16 {
        let bytes = Array(country.utf8)
        return unsafe ViewerFacts.country(bytes.span.bytes) ?? 0
    }

    private static func first(_ block: AddressBlock) -> Position {
        Position(high: block.base.high, low: block.base.low)
    }

    private static func last(_ block: AddressBlock) -> Position {
        let bits = block.prefixLength + (block.base.isIPv4 ? 96 : 0)
        let high = bits >= 64 ? 0 : UInt64.max >> UInt64(bits)
        let low = bits >= 128 ? 0 : bits <= 64 ? UInt64.max : UInt64.max >> UInt64(bits - 64)
        return Position(high: block.base.high | high, low: block.base.low | low)
    }
}
