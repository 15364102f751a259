import CloudFront
import HTTP
import Reactor

/// Where addresses are, as ranges that do not overlap; looked up by halving, without allocation.
@safe  // `text` is written once, and lives as long as the table
final class CountryTable: @unchecked Sendable {  // written once before it is shared
    /// What is known of an address.
    struct Found {
        /// 0: nothing.
        var country: UInt16 = 0
        /// Index into the table's places; negative: nothing but the country is known.
        var place: Int32 = -1
    }

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
    private let found: [Found]
    /// Records of places, one behind the other, and where each ends.
    private let text: UnsafeMutableRawBufferPointer
    private let ends: [Int]

    /// Of overlapping blocks the most specific counts. Blocks nest or are apart, as prefixes do.
    init(_ blocks: [CountryBlock]) {
        var places = PlaceIndex()
        let sorted = blocks.map { block in
            (
                block: block.block,
                found: Found(country: Self.code(block.country), place: places.index(block.place))
            )
        }.sorted {
            let (left, right) = (Self.first($0.block), Self.first($1.block))
            return left == right
                ? $0.block.prefixLength < $1.block.prefixLength : left < right
        }
        var starts: [Position] = []
        var found: [Found] = []
        func begin(_ start: Position, _ place: Found) {
            if starts.last == start {
                found[found.count - 1] = place
            } else {
                starts.append(start)
                found.append(place)
            }
        }
        // The blocks around the present one, the innermost last.
        var around: [(end: Position, found: Found)] = []
        func leave(before start: Position?) {
            while let inner = around.last, start.map({ inner.end < $0 }) ?? true {
                around.removeLast()
                if let next = inner.end.successor { begin(next, around.last?.found ?? Found()) }
            }
        }
        for (block, place) in sorted {
            leave(before: Self.first(block))
            begin(Self.first(block), place)
            around.append((Self.last(block), place))
        }
        leave(before: nil)
        (self.starts, self.found, ends) = (starts, found, places.ends)
        unsafe text = .allocate(byteCount: max(places.text.count, 1), alignment: 1)
        unsafe text.copyBytes(from: places.text)
    }

    deinit { unsafe text.deallocate() }

    /// What is known of an address; allocates nothing.
    func find(_ address: SocketAddress) -> Found {
        let position = Position(high: address.high, low: address.low)
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? Found() : found[low - 1]
    }

    /// The ``ViewerPlace/record`` of a place, empty for none; lives as long as the table.
    func record(_ place: Int32) -> UnsafeRawBufferPointer {
        guard place >= 0, Int(place) < ends.count else {
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
        let start = place == 0 ? 0 : ends[Int(place) - 1]
        return unsafe UnsafeRawBufferPointer(rebasing: text[start..<ends[Int(place)]])
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

/// Each place once, whatever the number of blocks that are there.
private struct PlaceIndex {
    private(set) var text: [UInt8] = []
    private(set) var ends: [Int] = []
    private var known: [ViewerPlace: Int32] = [:]

    mutating func index(_ place: ViewerPlace) -> Int32 {
        if place.record.isEmpty { return -1 }
        if let index = known[place] { return index }
        let index = Int32(ends.count)
        text += place.record
        ends.append(text.count)
        known[place] = index
        return index
    }
}
