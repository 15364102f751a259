import Simulation

/// Keeps credentials out of what is written down: each becomes a word of its own, the same wherever
/// it stands, so that requests that differ by a credential differ still.
struct Redaction {
    /// Whether credentials are written as they are.
    let isOff: Bool
    private var words: [String: String] = [:]
    /// In the order in which they were met; the longest are looked for first.
    private var known: [String] = []

    init(isOff: Bool) { self.isOff = isOff }

    private static let fields: Set<String> = [
        "authorization", "proxy-authorization", "x-api-key", "x-auth-token", "x-csrftoken",
        "x-amz-security-token", "authentication-info",
    ]

    /// Parameters of a query that hold credentials; signatures of CloudFront's own among them.
    private static let parameters: Set<String> = [
        "access_token", "authkey", "code", "state", "id_token", "jsessionid", "password", "token",
        "key", "signature", "api_key", "apikey", "secret", "ticket", "policy",
        "x-amz-signature", "x-amz-credential", "x-amz-security-token",
    ]

    /// Remembers what is secret in a message before any is written.
    mutating func learn(_ head: PlainHead) {
        guard !isOff else { return }
        for (name, value) in head.lines {
            switch name.lowercased() {
            case "cookie": value.split(separator: ";").forEach { learn(pair: $0) }
            case "set-cookie": value.split(separator: ";").prefix(1).forEach { learn(pair: $0) }
            case "authorization", "proxy-authorization":
                learn(value.split(separator: " ", maxSplits: 1).last.map { String($0) } ?? "")
            case let name where Self.fields.contains(name): learn(value)
            case "referer", "location", "content-location": learn(target: value)
            default: break
            }
        }
        if head.status == 0 { learn(target: head.start[1]) }
    }

    private mutating func learn(pair: Substring) {
        guard let equals = pair.firstIndex(of: "=") else { return }
        learn(String(pair[pair.index(after: equals)...]))
    }

    private mutating func learn(target: String) {
        guard let mark = target.firstIndex(of: "?") else { return }
        for pair in target[target.index(after: mark)...].split(separator: "&") {
            let name = pair.prefix { $0 != "=" }.lowercased()
            if Self.parameters.contains(name) { learn(pair: pair) }
        }
    }

    /// Remembers a text that must not be written.
    mutating func learn(_ secret: String) {
        // What is so short tells nothing, and would be found where it is none.
        guard !isOff, secret.utf8.count >= 3, words[secret] == nil else { return }
        words[secret] = "secret-\(words.count + 1)"
        known.append(secret)
        known.sort { $0.utf8.count > $1.utf8.count }
    }

    /// Whether a message carries a credential, so that its body may be somebody's own.
    static func isPersonal(_ head: PlainHead) -> Bool {
        head.lines.contains { name, _ in
            let name = name.lowercased()
            return name == "cookie" || name == "set-cookie" || fields.contains(name)
        }
    }

    /// The text with each secret in it replaced.
    func hidden(_ text: String) -> String {
        if isOff { return text }
        return known.reduce(text) { text, secret in
            text.contains(secret) ? text.replacing(secret, with: words[secret] ?? "") : text
        }
    }
}
