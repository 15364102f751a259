/// A connection to the edge that sends exactly the bytes it is told to.
public struct Viewer: Sendable {
    public let socket: Socket
    private var reader: MessageReader

    public init(port: UInt16) throws {
        socket = try Socket.connect(port: port)
        reader = MessageReader(socket)
    }

    /// Connects to a Unix socket.
    public init(path: String) throws {
        socket = try Socket.connect(path: path)
        reader = MessageReader(socket)
    }

    /// Connects to the loopback address of IPv6.
    public init(port6: UInt16) throws {
        socket = try Socket.connect(port6: port6)
        reader = MessageReader(socket)
    }

    public func send(_ text: String) throws { try socket.send(text) }
    public func send(_ bytes: [UInt8]) throws { try socket.send(bytes) }

    /// Sends a request and takes its answer.
    public mutating func exchange(_ bytes: String) throws -> Response {
        try send(bytes)
        return try response(toHead: bytes.hasPrefix("HEAD "))
    }

    /// The next final response, with the interim ones before it.
    ///
    /// Throws when what arrives is no HTTP/1.1 message, or nothing arrives.
    public mutating func response(toHead: Bool = false) throws -> Response {
        var interim: [Head] = []
        while true {
            guard let head = try reader.takeHead() else {
                throw WireError(reader.wasReset ? "reset, no response" : "closed, no response")
            }
            let words = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
                throw WireError("not a status line: \(head.startLine)")
            }
            if status / 100 == 1, status != 101 {
                interim.append(head)
                continue
            }
            var response = Response(head: head, status: status, body: [], interim: interim)
            if !toHead, status != 101, status != 204, status != 304 { try readBody(&response) }
            return response
        }
    }

    private mutating func readBody(_ response: inout Response) throws {
        let head = response.head
        var body: [UInt8] = []
        if let coding = head["Transfer-Encoding"] {
            guard coding.lowercased() == "chunked", head["Content-Length"] == nil else {
                throw WireError("framing of the response: \(quoted(head.raw[...]))")
            }
            let trailers = try reader.takeChunks { body += $0 }
            response.isChunked = true
            response.trailers = trailers ?? []
            response.isCut = trailers == nil
        } else if let text = head["Content-Length"] {
            guard let count = Int(text), count >= 0, head.values("Content-Length").count == 1 else {
                throw WireError("Content-Length of the response: \(text)")
            }
            response.isCut = try !reader.take(count) { body += $0 }
        } else {
            try reader.takeRest { body += $0 }
            response.isCut = reader.wasReset
        }
        response.body = body
    }

    /// Takes the body of a response with a length, without keeping it.
    ///
    /// - Returns: how many bytes arrived, and whether they are those of `Pattern`.
    public mutating func patternResponse() throws -> (head: Head, count: Int, isPattern: Bool) {
        guard let head = try reader.takeHead() else { throw WireError("closed, no response") }
        var (count, isPattern) = (0, true)
        func check(_ bytes: ArraySlice<UInt8>) {
            if isPattern { isPattern = Pattern.matches(bytes, at: count) }
            count += bytes.count
        }
        if head["Transfer-Encoding"] != nil {
            _ = try reader.takeChunks(check)
        } else {
            _ = try reader.take(head["Content-Length"].flatMap { Int($0) } ?? 0, check)
        }
        return (head, count, isPattern)
    }

    /// Whether the next `count` bytes are those of `Pattern`, from a position on.
    public mutating func arePattern(_ count: Int, at start: Int = 0) throws -> Bool {
        var (arrived, isPattern) = (0, true)
        _ = try reader.take(count) { bytes in
            isPattern = isPattern && Pattern.matches(bytes, at: start + arrived)
            arrived += bytes.count
        }
        return isPattern && arrived == count
    }

    /// A head alone; its body is still to come.
    public mutating func headOnly() throws -> Head {
        guard let head = try reader.takeHead() else { throw WireError("closed, no response") }
        return head
    }

    /// The body behind a head that was taken alone.
    public mutating func rest(behind head: Head) throws -> Response {
        var response = Response(head: head, status: 0, body: [], interim: [])
        try readBody(&response)
        return response
    }

    /// Whatever arrives next, as soon as there are `count` bytes.
    public mutating func bytes(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try reader.take(count) { bytes += $0 }
        return bytes
    }

    /// Whether the edge ends the connection without a further byte.
    ///
    /// Throws when nothing happens for `milliseconds`.
    public mutating func isClosed(within milliseconds: Int = patience) throws -> Bool {
        guard reader.pending.isEmpty else { return false }
        return try !reader.fill(within: milliseconds)
    }

    public func close() { socket.close() }
}
