/// A connection to the edge that sends exactly the bytes it is told to.
public struct Viewer {
    public let socket: Socket
    private var reader: MessageReader

    public init(port: UInt16) throws {
        socket = try Socket.connect(port: port)
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

    /// Whatever arrives next on a tunnel, as soon as there are `count` bytes.
    public mutating func bytes(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try reader.take(count) { bytes += $0 }
        return bytes
    }

    /// Whether the edge ends the connection without a further byte.
    public mutating func isClosed() throws -> Bool {
        guard reader.pending.isEmpty else { return false }
        return try !reader.fill()
    }

    public func close() { socket.close() }
}
