/// Takes messages off a socket, one after the other.
///
/// Independent of the code under test on purpose: it is the other opinion on every framing.
struct MessageReader {
    let socket: Socket
    private var buffer: [UInt8] = []
    private var start = 0
    /// The peer has sent all it will; by a reset if `wasReset`.
    private(set) var isAtEnd = false
    private(set) var wasReset = false

    init(_ socket: Socket) { self.socket = socket }

    /// Received and not yet taken.
    var pending: ArraySlice<UInt8> { buffer[start...] }

    /// Receives more; false at the end of the stream.
    mutating func fill(within milliseconds: Int = patience) throws -> Bool {
        guard !isAtEnd else { return false }
        guard let bytes = try socket.receive(within: milliseconds) else {
            (isAtEnd, wasReset) = (true, true)
            return false
        }
        isAtEnd = bytes.isEmpty
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer += bytes
        return !isAtEnd
    }

    /// The bytes up to and with `mark`; nil at the end of the stream.
    mutating func take(through mark: [UInt8]) throws -> [UInt8]? {
        var from = start
        while true {
            if let end = find(mark, from: from) {
                defer { start = end }
                return Array(buffer[start..<end])
            }
            let searched = max(0, buffer.count - start - mark.count)
            guard try fill() else { return nil }
            from = start + searched
        }
    }

    /// Exactly `count` bytes, handed over in pieces; false if the stream ends before.
    mutating func take(_ count: Int, _ body: (ArraySlice<UInt8>) -> Void) throws -> Bool {
        var left = count
        while left > 0 {
            if start == buffer.count, try !fill() { return false }
            let end = min(buffer.count, start + left)
            body(buffer[start..<end])
            left -= end - start
            start = end
        }
        return true
    }

    /// Everything up to the end of the stream.
    mutating func takeRest(_ body: (ArraySlice<UInt8>) -> Void) throws {
        repeat {
            body(buffer[start...])
            start = buffer.count
        } while try fill()
        body(buffer[start...])
        start = buffer.count
    }

    /// A head; nil where the stream ends before one begins.
    mutating func takeHead() throws -> Head? {
        guard let raw = try take(through: Array("\r\n\r\n".utf8)) else {
            if pending.isEmpty { return nil }
            throw WireError("the stream ends inside a head: \(quoted(pending))")
        }
        guard let head = Head(raw) else { throw WireError("not a head: \(quoted(raw[...]))") }
        return head
    }

    /// A chunked body with its trailers; nil if the stream ends inside.
    mutating func takeChunks(_ body: (ArraySlice<UInt8>) -> Void) throws -> [Field]? {
        let newline = Array("\r\n".utf8)
        while true {
            guard let line = try take(through: newline) else { return nil }
            let text = String(decoding: line.dropLast(2), as: UTF8.self)
            guard let count = Int(text.prefix { $0 != ";" }, radix: 16), count >= 0 else {
                throw WireError("not a chunk size: \(quoted(line[...]))")
            }
            if count == 0 { break }
            guard try take(count, body) else { return nil }
            guard let end = try take(through: newline) else { return nil }
            guard end.count == 2 else { throw WireError("a chunk without CRLF behind it") }
        }
        var raw = Array("trailers\r\n".utf8)
        while let line = try take(through: newline) {
            raw += line
            if line.count == 2 { return Head(raw)?.fields ?? [] }
        }
        return nil
    }

    private func find(_ mark: [UInt8], from: Int) -> Int? {
        guard buffer.count - from >= mark.count else { return nil }
        var at = from
        while at <= buffer.count - mark.count {
            if buffer[at] == mark[0], buffer[at..<(at + mark.count)].elementsEqual(mark) {
                return at + mark.count
            }
            at += 1
        }
        return nil
    }
}

/// Bytes for a report: controls escaped, at most 300 of them.
public func quoted(_ bytes: ArraySlice<UInt8>) -> String {
    var text = "\""
    for byte in bytes.prefix(300) {
        switch byte {
        case 0x0D: text += "\\r"
        case 0x0A: text += "\\n"
        case 0x22: text += "\\\""
        case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
        default: text += "\\x" + String(byte, radix: 16)
        }
    }
    return text + (bytes.count > 300 ? "\"… (\(bytes.count) bytes)" : "\"")
}
