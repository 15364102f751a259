/// The origin's side of one connection.
final class Conversation {
    private let origin: Origin
    private let socket: Socket
    private let number: Int
    private var reader: MessageReader

    init(origin: Origin, socket: Socket, number: Int) {
        self.origin = origin
        self.socket = socket
        self.number = number
        reader = MessageReader(socket)
    }

    /// Answers requests until either side ends. What goes wrong here shows in the test's own
    /// expectations: a request that is cut, or none.
    func run() {
        do {
            while let head = try head() {
                guard var request = Request(head, connection: number) else {
                    origin.note(malformed: quoted(head.raw[...]))
                    break
                }
                guard let room = origin.room(for: request.target) else {
                    try readBody(&request)
                    origin.note(stray: request)
                    try socket.send("HTTP/1.1 404 Stray\r\nContent-Length: 0\r\n\r\n")
                    continue
                }
                guard try answer(&request, in: room) else { break }
            }
        } catch {}
        socket.close()
    }

    /// The next head, however long an idle connection stays idle.
    private func head() throws -> Head? {
        while reader.pending.isEmpty {
            guard try reader.fill(within: 3_600_000) else { return nil }
        }
        do {
            return try reader.takeHead()
        } catch {
            if !reader.wasReset { origin.note(malformed: "\(error)") }
            throw error
        }
    }

    private func answer(_ request: inout Request, in room: Room) throws -> Bool {
        if let make = room.wholeAnswer {
            try readBody(&request)
            _ = room.note(request)
            return try perform(make(request))
        }
        let reply = room.takeReply(for: request)
        if reply.answersEarly {
            _ = room.note(request)
            return try perform(reply)
        }
        do {
            try readBody(&request)
        } catch {
            request.isCut = true
        }
        _ = room.note(request)
        return try !request.isCut && perform(reply)
    }

    private func readBody(_ request: inout Request) throws {
        var body: [UInt8] = []
        var (count, isPattern) = (0, true)
        func keep(_ bytes: ArraySlice<UInt8>) {
            if body.count < 1 << 20 { body += bytes }
            if isPattern { isPattern = Pattern.matches(bytes, at: count) }
            count += bytes.count
        }
        if request.head["Expect"] != nil { try socket.send("HTTP/1.1 100 Continue\r\n\r\n") }
        if request.head["Transfer-Encoding"] != nil {
            request.isChunked = true
            let trailers = try reader.takeChunks(keep)
            request.trailers = trailers ?? []
            request.isCut = trailers == nil
        } else if let length = request.head["Content-Length"].flatMap({ Int($0) }) {
            request.isCut = try !reader.take(length, keep)
        }
        (request.body, request.bodyCount, request.isPattern) = (body, count, isPattern)
    }

    /// Goes through a reply's steps; false if they ended the connection.
    private func perform(_ reply: Reply) throws -> Bool {
        for step in reply.steps {
            switch step {
            case .send(let bytes): try socket.send(bytes)
            case .sendPattern(let count): try Pattern.send(count, to: socket)
            case .pass(let gate): gate.pass()
            case .sendAndEnd(let bytes):
                try socket.send(bytes, isLast: true)
                socket.finishSending()
                while try reader.fill() {}
                return false
            case .close:
                socket.finishSending()
                // Reads on, as closing with bytes unread would reset the connection.
                while try reader.fill() {}
                return false
            case .reset:
                socket.reset()
                return false
            case .echo:
                try echo()
                return false
            }
        }
        return true
    }

    private func echo() throws {
        try reader.takeRest { bytes in try? socket.send(Array(bytes)) }
        socket.finishSending()
    }
}

extension Request {
    init?(_ head: Head, connection: Int) {
        let words = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3 else { return nil }
        self.init(
            head: head, method: String(words[0]), target: String(words[1]),
            version: String(words[2]), connection: connection)
    }
}
