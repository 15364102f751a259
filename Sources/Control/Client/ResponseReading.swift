import HTTP

/// A response as a client on the cold side has it: whole.
struct HTTPReply {
    var status = 0
    /// In the order received; names in lower case.
    var fields: [(name: String, value: String)] = []
    /// Without its transfer coding; empty where the reader did not keep it.
    var body: [UInt8] = []

    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Reads one response to its end from a connection that serves no other.
struct ResponseReading {
    /// Longest body that is kept; a longer one is no response. nil: it is read and dropped.
    var bytesMax: Int?
    /// The request was HEAD: there is no body.
    var isToHead = false

    /// Bytes of the body that came, kept or not, without its transfer coding.
    private(set) var bodyBytes = 0

    private var part = [UInt8](repeating: 0, count: 65_536)

    init(bytesMax: Int?, isToHead: Bool = false) {
        self.bytesMax = bytesMax
        self.isToHead = isToHead
    }

    /// nil when there was no whole response; interim ones are passed over.
    mutating func read(from stream: some ByteStream) -> HTTPReply? {
        var bytes: [UInt8] = []
        var scan = HeadScan()
        var head = ResponseHead()
        while true {
            guard let count = receive(stream), count > 0 else { return nil }
            bytes += part[..<count]
            var isRead = false
            while !isRead {
                let result = unsafe bytes.withUnsafeBytes {
                    unsafe parseResponse(
                        $0.bytes, &scan, limits: .response, toHead: isToHead, into: &head)
                }
                if result == .needMore { break }
                guard result == .complete else { return nil }
                isRead = head.status >= 200
                if !isRead {
                    bytes.removeFirst(head.length)
                    scan = HeadScan()
                }
            }
            guard isRead else { continue }
            var reply = Self.reply(head, bytes)
            guard readBody(head.framing, Array(bytes[head.length...]), stream, &reply.body) else {
                return nil
            }
            return reply
        }
    }

    private mutating func receive(_ stream: some ByteStream) -> Int? {
        unsafe part.withUnsafeMutableBytes { unsafe stream.read(into: $0) }
    }

    /// False when it ends early, or is longer than what may be kept.
    private mutating func readBody(
        _ framing: BodyFraming, _ first: [UInt8], _ stream: some ByteStream, _ body: inout [UInt8]
    ) -> Bool {
        var decoder = ChunkedDecoder()
        var (held, received) = (first, UInt64(0))
        while true {
            received += UInt64(held.count)
            switch framing {
            case .none: return true
            case .length(let length):
                guard keep(held[...], &body) else { return false }
                if received >= length {
                    body.removeLast(max(0, body.count - Int(clamping: length)))
                    return true
                }
                held = []
            case .chunked:
                switch advance(&decoder, held, &body) {
                case .ended: return true
                case .broken: return false
                case .goesOn(let rest): held = rest
                }
            case .untilClose:
                guard keep(held[...], &body) else { return false }
                held = []
            }
            guard let count = receive(stream) else { return false }
            if count == 0 { return framing == .untilClose }
            // What a decoder could not use yet stands before what comes.
            held += part[..<count]
        }
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>, _ body: inout [UInt8]) -> Bool {
        bodyBytes += bytes.count
        guard let bytesMax else { return true }
        body += bytes
        return body.count <= bytesMax
    }

    private enum Progress { case ended, broken, goesOn([UInt8]) }

    private mutating func advance(
        _ decoder: inout ChunkedDecoder, _ bytes: [UInt8], _ body: inout [UInt8]
    ) -> Progress {
        var rest = bytes[...]
        while true {
            let step = unsafe Array(rest).withUnsafeBytes { unsafe decoder.next($0.bytes) }
            let before = rest
            rest = rest.dropFirst(step.consumed)
            switch step.event {
            case .end: return .ended
            case .malformed: return .broken
            case .needMore: return .goesOn(Array(rest))
            case .data(let range):
                let start = before.startIndex
                guard keep(before[(start + range.lowerBound)..<(start + range.upperBound)], &body)
                else { return .broken }
            case .trailer: continue
            }
        }
    }

    private static func reply(_ head: ResponseHead, _ bytes: [UInt8]) -> HTTPReply {
        var reply = HTTPReply(status: head.status)
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            reply.fields.append(
                (
                    String(decoding: bytes[field.name.range], as: UTF8.self).lowercased(),
                    String(decoding: bytes[field.value.range], as: UTF8.self)
                ))
        }
        return reply
    }
}
