import Caching
import Reactor
import Tiles

/// A request of a viewer who plays, whose next frames are to be fetched; its bytes lie beside it.
struct PlaybackWish {
    /// The viewer and the view.
    var party: UInt64
    /// The frame that was asked for.
    var time: PlaybackTime
    var behavior: Int
    /// Its frames ahead that have been seen to.
    var frames = 0
    /// The viewer was seen to play, and the tile was counted.
    var isJudged = false
    /// What the layer has, as far as the pool has told; once it is judged.
    var list: TimeList?
    var isTrusted: Bool
    var isSecured: Bool
    /// It came by HTTPS to whoever told of it; may decide which origin is asked.
    var usesTLS: Bool
    /// Bytes of its head, and of its canonical key behind that.
    var headLength: Int
    var keyLength: Int
    /// Where in the key the map's normal form stands, and in that the value of TIME.
    var map: Range<Int>
    var value: Range<Int>
}

/// What a loop knows of playback, in memory of fixed size: who plays, whose next frames are wanted,
/// and what is under way.
@safe  // places are below `wishesMax`; freed with the value
struct PlaybackDesk: ~Copyable {
    /// Requests whose next frames are wanted at a time; beyond them the oldest gives way.
    static let wishesMax = 128
    /// Bytes of a head and its key; longer ones have nothing fetched ahead.
    static let wishBytes = 4_096

    var tracker = PlaybackTracker()
    /// By place; nil: free.
    private var wishes: [PlaybackWish?]
    /// Places, ordered from the oldest wish on.
    private var order: [Int] = []
    private var free: [Int] = []
    private let memory: UnsafeMutableRawBufferPointer
    /// Fetches that nobody has asked for, by their tokens.
    private(set) var running: [Token] = []
    var bucket = TokenBucket()
    /// Wishes are looked at at the end of this tick.
    var isQueued = false

    init() {
        unsafe memory = .allocate(
            byteCount: Self.wishesMax * Self.wishBytes, alignment: 64)
        wishes = Array(repeating: nil, count: Self.wishesMax)
        order.reserveCapacity(Self.wishesMax)
        free.reserveCapacity(Self.wishesMax)
        free += (0..<Self.wishesMax).reversed()
        running.reserveCapacity(PlaybackSettings.concurrentMax)
    }

    deinit { unsafe memory.deallocate() }

    var count: Int { order.count }

    /// Takes a wish with its bytes; nothing is allocated.
    ///
    /// - Returns: how many frames of an older one were left undone for it.
    mutating func add(
        _ wish: PlaybackWish, head: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer,
        frames: Int
    ) -> Int {
        var undone = 0
        if free.isEmpty {
            undone = max(0, frames - self[0].frames)
            remove(0)
        }
        guard let place = free.popLast() else { return undone }
        let bytes = unsafe bytes(place)
        unsafe bytes.copyMemory(from: head)
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[head.count...]).copyMemory(from: key)
        wishes[place] = wish
        order.append(place)
        return undone
    }

    /// The wish at a position, to be changed.
    subscript(index: Int) -> PlaybackWish {
        get { wishes[order[index]]! }
        _modify { yield &wishes[order[index]]! }
    }

    /// Its head, and its canonical key: valid until it is removed.
    func head(of index: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            rebasing: bytes(order[index])[..<self[index].headLength])
    }

    func key(of index: Int) -> UnsafeRawBufferPointer {
        let (start, length) = (self[index].headLength, self[index].keyLength)
        return unsafe UnsafeRawBufferPointer(
            rebasing: bytes(order[index])[start...].prefix(length))
    }

    private func bytes(_ place: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            rebasing: memory[(place * Self.wishBytes)..<((place + 1) * Self.wishBytes)])
    }

    mutating func remove(_ index: Int) {
        let place = order.remove(at: index)
        wishes[place] = nil
        free.append(place)
    }

    /// The wish to be seen to next: the one whose next frame comes soonest, of these the oldest.
    var next: Int? { order.indices.min { self[$0].frames < self[$1].frames } }

    /// Behaviors may be others now; what is under way goes on.
    mutating func forget() {
        while !order.isEmpty { remove(order.count - 1) }
        tracker.forget()
    }

    // MARK: what is under way

    mutating func began(_ fetch: Token) { running.append(fetch) }

    /// - Returns: whether it was one of these.
    mutating func ended(_ fetch: Token) -> Bool {
        guard let index = running.firstIndex(of: fetch) else { return false }
        running.remove(at: index)
        return true
    }
}
