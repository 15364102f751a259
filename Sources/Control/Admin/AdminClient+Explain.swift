extension AdminClient {
    /// `POST /explain` for one request, or for two that are compared; text or JSON, as it comes.
    public func explain(
        _ requests: [ExplainRequest], asJSON: Bool, usesTLS: Bool
    ) throws(AdminClientError) -> String {
        let options = [asJSON ? "json" : "", usesTLS ? "https" : ""].filter { !$0.isEmpty }
        let answer = try exchange(
            "POST", "/explain" + (options.isEmpty ? "" : "?\(options.joined(separator: "&"))"),
            body: requests.flatMap(\.head), within: .seconds(10))
        var text = String(decoding: answer.body, as: UTF8.self)
        if text.hasSuffix("\n") { text.removeLast() }
        switch answer.status {
        case 200: return text
        case 422: throw AdminClientError(text)
        default: throw unexpected(answer)
        }
    }
}

/// A request to be explained, from what a developer types.
public struct ExplainRequest: Sendable {
    /// Its head, ready to be parsed.
    public let head: [UInt8]
    /// The URL began with `https://`.
    public let usesTLS: Bool

    /// - Parameters:
    ///   - url: `http://host/path?query`, `https://…`, or a path alone.
    ///   - fields: each `Name: value`; a Host counts for more than the URL's.
    /// - Throws: `AdminClientError` for what is no URL, method or field.
    public init(
        _ url: String, method: String = "GET", fields: [String] = []
    ) throws(AdminClientError) {
        let scheme = ["https://", "http://"].first { url.lowercased().hasPrefix($0) }
        let rest = scheme.map { url.dropFirst($0.count) } ?? url[...]
        usesTLS = scheme == "https://"
        guard scheme != nil || rest.hasPrefix("/") else {
            throw AdminClientError(
                "\"\(printable(url))\" is neither a URL nor a path; begin with http:// or /")
        }
        let end = scheme == nil ? rest.startIndex : rest.firstIndex { "/?#".contains($0) }
        let host = rest[..<(end ?? rest.endIndex)]
        var target = rest[(end ?? rest.endIndex)...].prefix { $0 != "#" }
        if !target.hasPrefix("/") { target = "/" + target }
        guard Self.isPlain(target, without: " "), Self.isPlain(method, without: " "),
            !method.isEmpty, scheme == nil || !host.isEmpty
        else {
            throw AdminClientError(
                "\"\(printable(url))\" cannot be sent as it is; escape blanks as %20, and name a "
                    + "host and a method")
        }
        var lines = ["\(method) \(target) HTTP/1.1"]
        let hasHost = fields.contains { $0.lowercased().hasPrefix("host:") }
        if !hasHost { lines.append("Host: \(host.isEmpty ? "localhost" : host)") }
        for field in fields {
            guard let colon = field.firstIndex(of: ":"), colon > field.startIndex,
                Self.isPlain(field[...], without: "")
            else {
                throw AdminClientError(
                    "\"\(printable(field))\" is no header field; write it as \"Name: value\"")
            }
            lines.append(field)
        }
        head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private static func isPlain(_ text: some StringProtocol, without banned: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            $0.value >= 32 && $0.value != 127 && !banned.unicodeScalars.contains($0)
        }
    }
}
