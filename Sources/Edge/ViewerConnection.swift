import Caching
import HTTP
import Reactor

/// One viewer's connection: plain state in a slab, changed by its loop alone.
///
/// An idle one holds no memory besides this: bytes are read into the loop's scratch memory and
/// only what cannot be dealt with at once is kept in `input`.
package struct ViewerConnection: ~Copyable {
    enum Phase: UInt8 {
        /// Before anything else a trusted proxy says who the viewer is.
        case proxyHeader
        /// Between requests, or within a head.
        case reading
        /// A request runs that the store did not answer at once: see `exchange`.
        case exchange
        /// A stored body is being sent, as fast as the viewer takes it.
        case storedBody
        /// Bytes go both ways unread: see `exchange`.
        case tunnel
        /// The last answer is sent; what the viewer still says is discarded for a while.
        case lingering
    }

    let fd: Int32
    var phase: Phase
    /// The peer belongs to a trusted proxy, so its forwarding fields are believed.
    var isTrusted: Bool
    /// A proxy could not say who it is; its word is nobody's.
    var isUnknown = false
    /// Its bytes go through TLS, or will behind the PROXY header.
    var speaksTLS = false
    /// It calls on a listener that is for the site's own calls.
    var isSouthbound = false
    /// The peer's address, or the one its proxy names.
    var address: SocketAddress
    var closesAfterResponse = false
    /// The peer sends no more (half-closed); it may still read.
    var sawEndOfStream = false
    /// The kernel reported bytes that were not read yet; it will not repeat itself.
    var hasUnread = false
    var sawHangup = false
    /// The output was refused once; writing goes on when the kernel says so.
    var isBlocked = false
    var isQueued = false
    var scan = HeadScan()
    /// Received and not yet dealt with.
    var input = ByteBuffer(maximum: 131_072)
    /// To be sent before anything else.
    var output = ByteBuffer(maximum: 1 << 20)
    var stored = StoredSend()
    var exchange: Exchange?
    var exchangeNumber: UInt32 = 0
    /// Lines of the next response's head that explain it; of the last request that asked for them.
    var foretold: [UInt8] = []
    /// Heads that came on this connection, the present one among them.
    var requests: UInt32 = 0
    /// When patience ends, monotonic nanoseconds. The armed timer may be earlier: it then looks
    /// here and is armed again, so that moving the deadline costs one store.
    var deadline: UInt64 = 0
    var timerAt: UInt64 = 0
    /// When a southbound call is given up, whatever it waits for; no deadline is later.
    var due: UInt64 = .max
    var timer = TimerHandle.none
    /// Progress since `rateFrom`, for the minimum rate.
    var rateFrom: UInt64 = 0
    var rateBytes = 0
    /// What the kernel held for it that it had not taken: then, and when that was looked at last.
    var rateUntaken = 0
    var untaken = 0
    var lingerBytes = 0
    /// The address it is counted under, while connections for each address are limited.
    var counted: SocketAddress?

    init(fd: Int32, address: SocketAddress, isTrusted: Bool, phase: Phase) {
        self.fd = fd
        self.address = address
        self.isTrusted = isTrusted
        self.phase = phase
    }

    var isIdle: Bool { phase == .reading && input.isEmpty && output.isEmpty }
}

/// How far a stored body has been sent, and where it ends.
struct StoredSend {
    /// The object, held so that its chunks stay.
    var copy: StoredCopy?
    /// Offsets in the stored body.
    var next = 0
    var end = 0
    /// What of it was found to be in memory.
    var ahead = Ahead()
    /// What the access log says when it is done.
    var record: DeferredRecord?
}

/// The part of a stored body that is in memory, and sent without another look.
struct Ahead {
    /// Bytes that are looked at at once: a page or picture that is put together is one window.
    static let window = 393_216
    /// Milliseconds for which the kernel is believed to leave them there.
    static let lifetime: Milliseconds = 1_000

    /// An offset in the stored body.
    var end = 0
    var until = Milliseconds.min
    /// They are being read.
    var awaitsPages = false
}

/// An access log line that waits for its last byte, for viewers who could not take all at once.
final class DeferredRecord {
    let bytes: [UInt8]
    let head: RequestHead
    var outcome: Outcome
    let started: UInt64
    /// The response's head, where the log tells of it.
    var sentHead: [UInt8] = []
    /// The next range of a multipart answer begins where this says; empty for a plain body.
    var pending: [MultipartStep] = []

    init(bytes: [UInt8], head: RequestHead, outcome: Outcome, started: UInt64) {
        self.bytes = bytes
        self.head = head
        self.outcome = outcome
        self.started = started
    }
}

/// One part of a multipart/byteranges answer: its delimiter and fields, then stored bytes.
struct MultipartStep {
    var prefix: [UInt8]
    var range: Range<Int>
}

/// How an exchange went, for counters and the access log: plain numbers and static words.
struct Outcome {
    var status = 0
    var result: ResultType = .miss
    /// CloudFront's `x-edge-detailed-result-type`, or why the cache did what it did.
    var detail: StaticString = "-"
    /// What became of a write; empty: it was none.
    var write: StaticString = ""
    /// Bytes of the body that were sent.
    var sentBytes = 0
    /// It is what HEAD was told before; see ``KnownHeads``.
    var isKnownHead = false
    /// Bytes of the head, and of what frames the chunks.
    var framingBytes = 0
    /// Bytes of the request's body.
    var receivedBytes = 0
    /// When the head was asked for and when that of the response was made, in monotonic
    /// nanoseconds; 0: both just now.
    var startedAt: UInt64 = 0
    var firstByteAt: UInt64 = 0
    /// How long it took to connect to the member that was asked last for this exchange itself; 0:
    /// the connection was kept.
    var connectTime: Milliseconds = 0
    /// Which behavior matched.
    var behavior = 0
    /// `x-edge-request-id`, where the edge shows CloudFront's identity.
    var requestID = RequestID()
}
