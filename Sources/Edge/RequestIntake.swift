import HTTP

/// A request body on its way from viewer to origin: decoded, framed anew, and held whole only as
/// long as it is short.
struct RequestIntake {
    /// Bytes that may wait for the origin before the viewer is read no further; and as many that
    /// have gone are held, so that another member can be sent the same.
    static let window = 65_536

    let framing: BodyFraming
    private(set) var isComplete: Bool
    /// In the origin's framing: what has been sent and is held, and what is to be.
    private(set) var queue: [UInt8] = []
    private(set) var sent = 0
    /// Body bytes received, without framing.
    private(set) var received: UInt64 = 0
    /// The viewer's framing is broken: nothing after it can be understood.
    private(set) var malformation: ChunkError?
    var isMalformed: Bool { malformation != nil }
    /// The edge answers the request itself, when its body is here.
    var isAwaitedHere = false
    private var remaining: UInt64 = 0
    /// Sees the body pass, without its framing; nil: nobody does.
    var observer: BodyObserver?
    private var decoder = ChunkedDecoder()
    private var trailers: [UInt8] = []
    /// Names, as a list, of trailers that go no further.
    private let dropped: [UInt8]

    init(_ framing: BodyFraming, dropping dropped: [UInt8] = []) {
        self.framing = framing
        self.dropped = dropped
        switch framing {
        case .none, .untilClose: isComplete = true
        case .length(let count):
            remaining = count
            isComplete = count == 0
        case .chunked: isComplete = false
        }
    }

    var isFull: Bool { queue.count - sent >= Self.window }
    var hasBytes: Bool { sent < queue.count }
    /// Whether anything of the body has gone to an origin.
    private(set) var hasLeft = false
    /// What went first is not held any more: no other member can be asked.
    private(set) var isGone = false

    /// Takes what belongs to the body; returns how many bytes that was.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch framing {
        case .none, .untilClose: return 0
        case .length: return unsafe takeLength(bytes)
        case .chunked: return unsafe takeChunked(bytes)
        }
    }

    private mutating func takeLength(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = Int(min(UInt64(bytes.count), remaining, UInt64(Self.window)))
        unsafe queue.append(contentsOf: bytes[..<count])
        unsafe observer?.take(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        remaining -= UInt64(count)
        received += UInt64(count)
        isComplete = remaining == 0
        return count
    }

    private mutating func takeChunked(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while !isComplete, !isMalformed, !isFull {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let step = unsafe decoder.next(rest.bytes)
            offset += step.consumed
            switch step.event {
            case .data(let range):
                received += UInt64(range.count)
                queue += Array((String(range.count, radix: 16) + "\r\n").utf8)
                unsafe queue.append(contentsOf: rest[range])
                unsafe observer?.take(UnsafeRawBufferPointer(rebasing: rest[range]))
                queue += [13, 10]
            case .trailer(let name, let value):
                // What is kept from an origin in the head is not to come behind the body either:
                // servers add the one to the other.
                let text = unsafe UnsafeRawBufferPointer(rebasing: rest[name]).bytes
                guard KnownField.mayBeTrailer(name: text), SpoofableField(text) == nil,
                    unsafe !isListed(text, in: dropped.span.bytes)
                else { continue }
                unsafe trailers.append(contentsOf: rest[name])
                trailers += [58, 32]
                unsafe trailers.append(contentsOf: rest[value])
                trailers += [13, 10]
            case .end:
                queue += Array("0\r\n".utf8) + trailers + [13, 10]
                isComplete = true
            case .malformed(let error): malformation = error
            case .needMore: return offset
            }
        }
        return offset
    }

    /// The bytes to send next.
    func withPending<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        unsafe queue.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
    }

    mutating func sentToOrigin(_ count: Int) {
        sent += count
        hasLeft = hasLeft || count > 0
        isGone = isGone || sent > Self.window
        guard isGone else { return }
        if sent == queue.count {
            queue.removeAll(keepingCapacity: true)
            sent = 0
        } else if sent >= Self.window {
            queue.removeFirst(sent)
            sent = 0
        }
    }

    /// It goes to another connection, from its beginning. Not of a body that is gone.
    mutating func rewind() { if !isGone { sent = 0 } }
}
