import Caching

/// The bytes that a script makes of a request.
struct ScriptedReply {
    private let script: OriginScript
    private let request: PlainHead
    private let now: Milliseconds
    private let fields: [(name: String, value: String)]
    /// The body alone.
    let content: [UInt8]

    init(_ script: OriginScript, _ request: PlainHead, now: Milliseconds, count: Int) {
        self.script = script
        self.request = request
        self.now = now
        fields = script.fields.map { ($0.name, $0.value.filled(now: now, count: count, request)) }
        content =
            script.size.map { size in
                Array((script.beginning + Self.pattern(size)).prefix(size))
            }
            ?? Array(script.body.filled(now: now, count: count, request).utf8)
    }

    /// The end of the connection is the end of the body.
    var ends: Bool { script.framing == .close && hasBody(script.status) }

    /// The whole answer.
    var bytes: [UInt8] {
        if script.isConditional, script.status == 200, isUnchanged { return head(304, [], "") }
        if let range = asked { return part(range) }
        return head(script.status, framed(content), lengthField(content.count))
    }

    /// The head, and half of what it promises.
    var half: [UInt8] {
        let body = framed(content)
        return head(script.status, Array(body.prefix(body.count / 2)), lengthField(content.count))
    }

    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    }

    private func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name }?.value
    }

    /// Whether the request's condition says that its sender has this already.
    private var isUnchanged: Bool {
        if let tags = request["if-none-match"], let tag = field("etag") {
            let known = tags.split(separator: ",").map { Self.opaque(String($0)) }
            return tags == "*" || known.contains(Self.opaque(tag))
        }
        guard let date = request["if-modified-since"] else { return false }
        return request["if-none-match"] == nil && date == field("last-modified")
    }

    private static func opaque(_ tag: String) -> String {
        let bare = tag.drop { $0 == " " }
        return String(bare.hasPrefix("W/") ? bare.dropFirst(2) : bare)
    }

    /// The one range asked for, within the body.
    private var asked: Range<Int>? {
        guard script.servesRanges, script.status == 200, request.start[0] == "GET",
            let range = request["range"], range.hasPrefix("bytes="), !range.contains(",")
        else { return nil }
        let ends = range.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        guard let first = Int(ends[0]) else {
            return Int(ends[1]).map { max(0, content.count - $0)..<content.count }
        }
        let last = min(Int(ends[1]) ?? Int.max - 1, content.count - 1)
        return first <= last ? first..<last + 1 : nil
    }

    private func part(_ range: Range<Int>) -> [UInt8] {
        let length = "Content-Length: \(range.count)\r\n"
        let place = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(content.count)"
        return head(206, Array(content[range]), "\(length)Content-Range: \(place)\r\n")
    }

    private func hasBody(_ status: Int) -> Bool {
        request.start[0] != "HEAD" && status >= 200 && status != 204 && status != 304
    }

    private func lengthField(_ count: Int) -> String {
        switch script.framing {
        case .length where script.status == 204: ""
        case .length: "Content-Length: \(count)\r\n"
        case .chunked: "Transfer-Encoding: chunked\r\n"
        case .close: "Connection: close\r\n"
        }
    }

    private func framed(_ body: [UInt8]) -> [UInt8] {
        guard script.framing == .chunked else { return body }
        let chunk = body.isEmpty ? [] : Array("\(String(body.count, radix: 16))\r\n".utf8) + body
        return chunk + Array((body.isEmpty ? "0\r\n\r\n" : "\r\n0\r\n\r\n").utf8)
    }

    /// `absent` as a value leaves out what is sent otherwise.
    private func head(_ status: Int, _ body: [UInt8], _ framing: String) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \r\n"
        if field("date") == nil { text += "Date: \(OriginAnswer.text(of: now / 1_000))\r\n" }
        for (name, value) in fields where value != "absent" { text += "\(name): \(value)\r\n" }
        if field("content-length") == nil { text += framing }
        return Array("\(text)\r\n".utf8) + (hasBody(status) ? body : [])
    }
}
