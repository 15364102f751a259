import Caching
import Edge
import Glibc
import HTTP
import Reactor

/// One request to one member, blocking, with a deadline for all of it: for reloads and comparisons.
struct MemberClient: ~Copyable {
    /// Why there was no answer, or none that counts; a few words.
    struct Failure: Error {
        var text: String
        init(_ text: String) { self.text = text }
    }

    private var network: LinuxNetwork
    private var fd: Int32 = -1
    private let deadline: UInt64

    private init(milliseconds: Int) throws(Failure) {
        do { network = try LinuxNetwork(batchSize: 1) } catch { throw Failure("\(error)") }
        deadline = network.monotonicNow + UInt64(milliseconds) * 1_000_000
    }

    deinit { if fd >= 0 { Glibc.close(fd) } }

    /// Sends `METHOD PATH`, and hands the answer's body on piece by piece.
    ///
    /// - Throws: when there is no whole answer in time, or its status is not 200 to 299.
    static func ask(
        _ work: ClusterWork, _ method: String, _ path: String, body take: (RawSpan) -> Void
    ) throws(Failure) {
        try ask(work.target, method, path, body: take)
    }

    static func ask(
        _ work: MemberTarget, _ method: String, _ path: String, body take: (RawSpan) -> Void
    ) throws(Failure) {
        var client = try MemberClient(milliseconds: work.timeout)
        try client.connect(work)
        defer { client.close() }
        try client.send(Array(request(work, method, path).utf8))
        try client.receive(take)
    }

    /// Makes a check of the origin, in the check's own time.
    ///
    /// - Throws: why it has not passed.
    static func probe(_ work: MemberTarget, _ check: CheckSettings) throws(Failure) {
        var client = try MemberClient(
            milliseconds: check.timeout ?? work.origin.health.timeout)
        try client.connect(work)
        defer { client.close() }
        var reading = CheckReading(check, of: work.member, work.origin)
        guard !reading.request.isEmpty else { return }
        try client.send(reading.request)
        client.receive(into: &reading)
        if let failure = reading.failure { throw Failure(failure) }
    }

    private mutating func receive(into reading: inout CheckReading) {
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let result = unsafe piece.withUnsafeMutableBytes {
                unsafe network.receive(fd, into: $0)
            }
            switch result {
            case .bytes(let count):
                let isDecided = unsafe piece.withUnsafeBytes {
                    unsafe reading.take(UnsafeRawBufferPointer(rebasing: $0[..<count]))
                }
                if isDecided { return }
            case .wouldBlock: guard wait() else { return }
            case .endOfStream, .failed: return reading.end()
            }
        }
    }

    private static func request(_ work: MemberTarget, _ method: String, _ path: String) -> String {
        let authorization =
            work.authorization.map { "Authorization: \($0)\r\n" } ?? ""
        let length = method == "GET" ? "" : "Content-Length: 0\r\n"
        let headers = work.origin.customHeaders.map { "\($0.name): \($0.value)\r\n" }.joined()
        return "\(method) \(work.origin.path)\(path) HTTP/1.1\r\n"
            + "Host: \(work.origin.hostHeader ?? work.member.authority)\r\n"
            + "User-Agent: mapedge-catalog\r\nAccept: */*\r\n\(headers)\(authorization)\(length)"
            + "Connection: close\r\n\r\n"
    }

    private mutating func close() {
        if fd >= 0 { network.close(fd) }
        fd = -1
    }

    private mutating func connect(_ work: MemberTarget) throws(Failure) {
        for endpoint in work.member.endpoints {
            if try connect(endpoint, work) { return }
            close()
        }
        throw Failure("it cannot be connected to")
    }

    private mutating func connect(
        _ endpoint: Endpoint, _ work: MemberTarget
    ) throws(Failure) -> Bool {
        let connected = network.connect(to: endpoint)
        switch connected {
        case .failed: return false
        case .connected(let descriptor), .pending(let descriptor): fd = descriptor
        }
        let token = Token(bits: 1)
        guard network.watch(fd, token) else { return false }
        if case .pending = connected {
            // The member's next address, and the answer, need some of the time as well.
            let patience = UInt64(max(1, work.origin.connectTimeout)) * 1_000_000
            guard wait(until: min(deadline, network.monotonicNow + patience)),
                network.connectError(fd) == 0
            else { return false }
        }
        guard let host = work.member.tlsHost else { return true }
        guard let tls = work.tls else { throw Failure("there is no TLS to speak with it") }
        return unsafe network.secure(
            fd, tls, token: token, host: host,
            early: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private mutating func send(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            switch network.send(fd, bytes[sent...]) {
            case .bytes(let count): sent += count
            case .wouldBlock:
                guard wait() else { throw Failure("it took no request in time") }
            case .endOfStream, .failed: throw Failure("it closed the connection")
            }
        }
    }

    private mutating func receive(_ take: (RawSpan) -> Void) throws(Failure) {
        var input: [UInt8] = []
        var head: ResponseHead?
        var body = ResponseIntake()
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let result = unsafe piece.withUnsafeMutableBytes {
                unsafe network.receive(fd, into: $0)
            }
            switch result {
            case .bytes(let count): input += piece[..<count]
            case .wouldBlock:
                guard wait() else { throw Failure("no whole answer in time") }
                continue
            case .endOfStream, .failed:
                guard head != nil, body.endOfStream() else {
                    throw Failure("it closed the connection within its answer")
                }
                return
            }
            if head == nil {
                head = try Self.takeHead(&input)
                if let head { body.begin(head.framing) }
            }
            guard head != nil else { continue }
            try Self.deliver(&input, &body, take)
            if body.isComplete { return }
        }
    }

    /// The final head, once it is whole; what comes before it is passed over.
    private static func takeHead(_ input: inout [UInt8]) throws(Failure) -> ResponseHead? {
        while true {
            var head = ResponseHead()
            var scan = HeadScan()
            let result = unsafe parseResponse(
                input.span.bytes, &scan, limits: .response, toHead: false, into: &head)
            switch result {
            case .needMore: return nil
            case .rejected: throw Failure("its answer is no HTTP")
            case .complete: break
            }
            input.removeFirst(head.length)
            if head.status < 200 { continue }
            guard (200...299).contains(head.status) else {
                throw Failure("it answered \(head.status)")
            }
            return head
        }
    }

    private static func deliver(
        _ input: inout [UInt8], _ body: inout ResponseIntake, _ take: (RawSpan) -> Void
    ) throws(Failure) {
        var consumed = 0
        unsafe input.withUnsafeBytes { bytes in
            while let range = unsafe body.next(bytes, consumed: &consumed) {
                unsafe take(UnsafeRawBufferPointer(rebasing: bytes[range]).bytes)
            }
        }
        input.removeFirst(consumed)
        if body.isMalformed { throw Failure("its answer is framed wrongly") }
    }

    /// Waits for the next event; false at the deadline.
    private mutating func wait(until end: UInt64? = nil) -> Bool {
        let end = end ?? deadline
        var event = ReadyEvent(token: Token(bits: 0), readiness: [])
        while network.monotonicNow < end {
            let count = unsafe withUnsafeMutablePointer(to: &event) {
                unsafe network.wait(
                    until: end, into: UnsafeMutableBufferPointer(start: $0, count: 1))
            }
            if count > 0 { return true }
        }
        return false
    }
}

extension MemberClient {
    /// Reads something of the first member that gives it, in the words and the time that the
    /// settings allow.
    ///
    /// - Parameter nobody: what is wrong where there is no member.
    /// - Throws: why the last of them did not give it.
    static func first<Value>(
        of targets: [MemberTarget], _ settings: CatalogueSettings, orElse nobody: String,
        _ read: (MemberTarget) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var failure = nobody
        for target in targets {
            var call = target
            (call.authorization, call.timeout) = (settings.authorization, settings.timeout)
            do throws(Failure) { return try read(call) } catch {
                failure = "\(target.member.name): \(error.text)"
            }
        }
        throw Failure(failure)
    }

    /// A document of a catalogue; of a longer one than is read only so much that it is none.
    static func document(_ call: MemberTarget, _ path: String) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        try ask(call, "GET", path) { piece in
            guard bytes.count <= ResourceValues.byteLimit else { return }
            unsafe piece.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}

extension ClusterWork {
    /// The member, as its cluster asks it.
    var target: MemberTarget {
        MemberTarget(
            origin: origin, member: member, tls: tls,
            authorization: cluster.settings.authorization, timeout: cluster.settings.timeout)
    }
}
