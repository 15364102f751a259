import Glibc

/// The head of a message as text: a start line and fields, the last of a name winning.
package struct PlainHead {
    package var start: [String]
    package var fields: [String: String]
    /// All fields as they came, in their order.
    package var lines: [(name: String, value: String)] = []

    package subscript(_ name: String) -> String? { fields[name] }

    /// Of a response; 0 for a request.
    package var status: Int { start.count > 1 ? Int(start[1]) ?? 0 : 0 }

    package init?(_ bytes: [UInt8]) {
        // Not on "\r\n" as a Character, so that a lone CR is no end of a line.
        var rows = String(decoding: bytes, as: UTF8.self).unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        guard rows.count > 2 else { return nil }
        rows = rows.map { $0.hasSuffix("\r") ? String($0.unicodeScalars.dropLast()) : $0 }
        start = rows[0].split(separator: " ", maxSplits: 2).map { String($0) }
        guard start.count >= 2 else { return nil }
        fields = [:]
        for row in rows.dropFirst() where !row.isEmpty {
            guard let colon = row.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let value = String(row[row.index(after: colon)...].drop { $0 == " " })
            fields[row[..<colon].lowercased()] = value
            lines.append((String(row[..<colon]), value))
        }
    }
}

/// Reads HTTP/1 messages slowly and obviously: a second opinion on what the edge writes, made of
/// nothing that the edge is made of.
package struct MessageReader {
    package struct Message {
        package var head: PlainHead
        package var body: [UInt8] = []
    }

    package enum Step {
        case needMore
        case whole(Message)
        case malformed(String)
    }

    private enum Framing { case head, length(Int), chunkSize, chunk(Int), trailers, untilClose }

    package init() {}

    private var buffer: [UInt8] = []
    private var position = 0
    private var framing = Framing.head
    /// The message that is coming, once its head is there.
    package private(set) var current: Message?

    package mutating func append(_ bytes: [UInt8]) {
        if position == buffer.count {
            buffer = bytes
            position = 0
        } else {
            buffer += bytes
        }
    }

    /// Bytes that belong to no message yet.
    package var hasRest: Bool { position < buffer.count || current != nil }

    /// The message that has begun and is not whole, as far as its body has come.
    package var part: Message? {
        var part = current
        // Of the chunk's own CRLF one byte is there.
        if case .chunk(1) = framing { part?.body.removeLast() }
        return part
    }

    /// Goes on as far as the bytes go. `method`: of the request that a response answers; nil when
    /// requests are read.
    package mutating func next(answering method: String?) -> Step {
        while true {
            switch framing {
            case .head:
                guard let end = endOfHead() else { return .needMore }
                guard let head = PlainHead(Array(buffer[position..<end])) else {
                    return .malformed("no head: \(Array(buffer[position..<end]))")
                }
                position = end
                current = Message(head: head)
                guard let next = Self.framing(of: head, answering: method) else { return finish() }
                framing = next
            case .length(let rest):
                let left = rest - take(rest)
                if left == 0 { return finish() }
                framing = .length(left)
                return .needMore
            case .chunkSize:
                guard let line = takeLine() else { return .needMore }
                guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else {
                    return .malformed("chunk size \"\(line)\"")
                }
                framing = size == 0 ? .trailers : .chunk(size + 2)
            case .chunk(let rest):
                // The last two bytes are the chunk's CRLF and are taken off again.
                let left = rest - take(rest)
                framing = left == 0 ? .chunkSize : .chunk(left)
                if left > 0 { return .needMore }
                current?.body.removeLast(2)
            case .trailers:
                guard let line = takeLine() else { return .needMore }
                if line.isEmpty { return finish() }
            case .untilClose:
                _ = take(buffer.count - position)
                return .needMore
            }
        }
    }

    /// The stream has ended in order: what was framed by that is whole now.
    package mutating func end() -> Message? {
        guard case .untilClose = framing, let message = current else { return nil }
        current = nil
        framing = .head
        return message
    }

    private mutating func finish() -> Step {
        framing = .head
        guard let message = current else { return .malformed("an end without a beginning") }
        current = nil
        return .whole(message)
    }

    private static func framing(of head: PlainHead, answering method: String?) -> Framing? {
        let status = head.status
        if let method {
            if method == "HEAD" || status < 200 || status == 204 || status == 304 { return nil }
        }
        if head["transfer-encoding"] == "chunked" { return .chunkSize }
        if let length = head["content-length"].flatMap({ Int($0) }) {
            return length == 0 ? nil : .length(length)
        }
        return method == nil ? nil : .untilClose
    }

    private mutating func take(_ most: Int) -> Int {
        let count = min(most, buffer.count - position)
        current?.body += buffer[position..<position + count]
        position += count
        return count
    }

    private mutating func takeLine() -> String? {
        guard let end = newline(from: position) else { return nil }
        defer { position = end + 1 }
        return String(decoding: buffer[position..<max(position, end - 1)], as: UTF8.self)
    }

    private func newline(from start: Int) -> Int? {
        unsafe buffer.withUnsafeBytes { bytes in
            guard start < bytes.count, let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, 10, bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Behind the empty line.
    private func endOfHead() -> Int? {
        var start = position
        while let end = newline(from: start) {
            if end - start == 1, start > position { return end + 1 }
            start = end + 1
        }
        return nil
    }
}
