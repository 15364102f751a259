import Caching
import HTTP
import Testing

/// Heads and facts made from text, as the edge makes them from bytes.
enum Heads {
    static func request(
        _ fields: [String], method: String = "GET", target: String = "/a"
    ) -> ([UInt8], RequestHead) {
        var lines = ["\(method) \(target) HTTP/1.1"]
        if !fields.contains(where: { $0.lowercased().hasPrefix("host:") }) {
            lines.append("Host: example.org")
        }
        let bytes = wire(lines + fields)
        var scan = HeadScan()
        var head = RequestHead()
        let result = parseRequest(
            bytes.span.bytes, &scan, limits: .request, into: &head)
        #expect(result == .complete)
        return (bytes, head)
    }

    static func response(_ status: Int, _ fields: [String]) -> ([UInt8], ResponseHead) {
        let bytes = wire(["HTTP/1.1 \(status) Fine"] + fields)
        var scan = HeadScan()
        var head = ResponseHead()
        let result = parseResponse(
            bytes.span.bytes, &scan, limits: .response, toHead: false, into: &head)
        #expect(result == .complete)
        return (bytes, head)
    }

    private static func wire(_ lines: [String]) -> [UInt8] {
        Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// What `write` leaves in a buffer of `capacity` bytes.
    static func written(
        _ capacity: Int = 4_096, _ write: (inout HeadWriter) -> Void
    ) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            var writer = HeadWriter(UnsafeMutableRawBufferPointer(memory))
            write(&writer)
            count = writer.count
        }
    }

    /// A canonical key made in a buffer of `capacity` bytes; nil when it did not fit.
    static func key(
        _ capacity: Int = 4_096, _ write: (inout CanonicalKey) -> Void
    ) -> [UInt8]? {
        var overflowed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            var key = CanonicalKey(UnsafeMutableRawBufferPointer(memory))
            write(&key)
            overflowed = key.overflowed
            count = overflowed ? 0 : key.count
        }
        return overflowed ? nil : bytes
    }
}

/// A moment all tests start from: Sun, 06 Nov 1994 08:49:37 GMT.
let epoch: Milliseconds = 784_111_777_000
let epochDate = "Sun, 06 Nov 1994 08:49:37 GMT"

func ask(_ fields: String..., method: String = "GET") -> RequestFacts {
    let (bytes, head) = Heads.request(fields, method: method)
    return RequestFacts(head, bytes: bytes.span.bytes)
}

func answer(_ status: Int = 200, _ fields: String...) -> ResponseFacts {
    let (bytes, head) = Heads.response(status, fields)
    return ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
}

extension BehaviorPolicy {
    static var letter: BehaviorPolicy { standard(mode: .rfc9111) }
    static var cloudFront: BehaviorPolicy { standard(mode: .cloudfront) }

    func with(_ change: (inout BehaviorPolicy) -> Void) -> BehaviorPolicy {
        var policy = self
        change(&policy)
        return policy
    }
}

extension StoreQuestion {
    /// A GET answered at once, at the common moment.
    init(_ response: ResponseFacts, _ policy: BehaviorPolicy, request: RequestFacts = ask()) {
        self.init(
            request: request, response: response, policy: policy, requestTime: epoch,
            responseTime: epoch)
    }
}

/// The verdict on a response at the common moment.
func verdict(
    _ response: ResponseFacts, _ policy: BehaviorPolicy = .letter, to request: RequestFacts = ask()
) -> Storability {
    storability(StoreQuestion(response, policy, request: request))
}

/// The entry that a storable response makes; nil when it is refused.
func entry(
    _ response: ResponseFacts, _ policy: BehaviorPolicy = .letter, to request: RequestFacts = ask()
) -> EntryHeader? {
    guard case .storable(let times, let flags) = verdict(response, policy, to: request) else {
        return nil
    }
    var header = EntryHeader(status: UInt16(response.status), flags: flags, times: times)
    header.lastModified = response.lastModified ?? EntryHeader.noDate
    header.bodyLength = 1_000
    header.completeLength = 1_000
    return header
}
