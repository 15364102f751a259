import CloudFront

extension AdminClient {
    /// `POST /record/start`: from now on the edge keeps what passes.
    public func beginRecording() throws(AdminClientError) {
        _ = try record("/record/start")
    }

    /// `POST /record/stop`: what passed since, as a scenario.
    ///
    /// - Parameters:
    ///   - name: of the scenario; nil: the time.
    ///   - pattern: `/a` or `/a*`: which requests are kept; nil: all.
    ///   - showsSecrets: credentials are written as they were.
    public func endRecording(
        named name: String?, pattern: String?, showsSecrets: Bool
    ) throws(AdminClientError) -> String {
        let words = words(named: name, pattern: pattern, showsSecrets: showsSecrets)
        let query = words.isEmpty ? "" : "?" + words.joined(separator: "&")
        return try record("/record/stop" + query)
    }

    /// `POST /record/last`: what passed in the last milliseconds, as far as the edge has kept it;
    /// the rest as of ``endRecording(named:pattern:showsSecrets:)``.
    public func lookBack(
        last: Int64, named name: String?, pattern: String?, showsSecrets: Bool
    ) throws(AdminClientError) -> String {
        let words =
            ["milliseconds=\(last)"]
            + words(named: name, pattern: pattern, showsSecrets: showsSecrets)
        return try record("/record/last?" + words.joined(separator: "&"))
    }

    private func words(named name: String?, pattern: String?, showsSecrets: Bool) -> [String] {
        [
            name.map { "name=\(escaped($0))" }, pattern.map { "path=\(escaped($0))" },
            showsSecrets ? "secrets=true" : nil,
        ].compactMap { $0 }
    }

    private func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x2F].contains(byte)
            if isPlain { return String(UnicodeScalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    private func record(_ target: String) throws(AdminClientError) -> String {
        let answer = try exchange("POST", target, within: .seconds(60))
        let text = String(decoding: answer.body, as: UTF8.self)
        switch answer.status {
        case 200: return text
        case 403, 409, 503:
            throw AdminClientError(text.split(separator: "\n").first.map(String.init) ?? "?")
        default: throw unexpected(answer)
        }
    }
}
