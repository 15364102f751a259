/// One object as eviction sees it: 24 bytes.
struct Usage: BitwiseCopyable {
    /// The first half of its key; with `object` it finds the index record.
    var key: UInt64
    /// Object id in the low 40 bits, pages in the next 16, price in the high 8.
    private var packed: UInt64
    /// When it is of no use any more, in minutes since the epoch.
    var expiryMinute: UInt32

    init(key: UInt64, object: UInt64, pages: Int, price: UInt8, expiryMinute: UInt32) {
        self.key = key
        packed =
            object & Self.objectMask | UInt64(min(max(pages, 1), 65_535)) << 40
            | UInt64(price) << 56
        self.expiryMinute = expiryMinute
    }

    static var objectMask: UInt64 { 1 << 40 - 1 }

    var object: UInt64 { packed & Self.objectMask }
    var pages: Int { Int(packed >> 40 & 0xffff) }
    /// How many hits it must earn to be kept a round longer, less one.
    var price: UInt8 { UInt8(packed >> 56) }
}

/// A queue of usages in pieces of equal size, so that growing copies nothing.
struct UsageQueue {
    private static var pieceLength: Int { 4_096 }

    private var pieces: [[Usage]] = []
    private var head = 0
    private(set) var count = 0
    /// Pages of all in the queue.
    private(set) var pages = 0

    mutating func append(_ usage: Usage) {
        if pieces.last.map({ $0.count == Self.pieceLength }) ?? true {
            var piece: [Usage] = []
            piece.reserveCapacity(Self.pieceLength)
            pieces.append(piece)
        }
        pieces[pieces.count - 1].append(usage)
        count += 1
        pages += usage.pages
    }

    mutating func popFirst() -> Usage? {
        guard count > 0, let first = pieces.first else { return nil }
        let usage = first[head]
        head += 1
        count -= 1
        pages -= usage.pages
        if head == Self.pieceLength || count == 0 {
            pieces.removeFirst()
            head = 0
        }
        return usage
    }
}
