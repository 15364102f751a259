import Edge
import Simulation

/// Keeps credentials out of what is written down: each becomes a word of its own, the same wherever
/// it stands, so that requests that differ by a credential differ still.
struct Redaction {
    /// Whether credentials are written as they are.
    let isOff: Bool
    private var words: [String: String] = [:]
    private var search = SecretSearch()

    init(isOff: Bool) { self.isOff = isOff }

    private static let fields: Set<String> = [
        "authorization", "proxy-authorization", "x-api-key", "x-auth-token", "x-csrftoken",
        "x-csrf-token", "x-xsrf-token",
        "x-amz-security-token", "authentication-info",
    ]

    /// Remembers what is secret in a message before any is written.
    mutating func learn(_ head: PlainHead) {
        guard !isOff else { return }
        for (name, value) in head.lines {
            switch name.lowercased() {
            case "cookie": value.split(separator: ";").forEach { learn(cookie: $0) }
            case "set-cookie": value.split(separator: ";").prefix(1).forEach { learn(cookie: $0) }
            case "authorization", "proxy-authorization":
                learn(value.split(separator: " ", maxSplits: 1).last.map { String($0) } ?? "")
            case let name where Self.fields.contains(name): learn(value)
            default: break
            }
        }
        for target in Self.targets(of: head) {
            for secret in Self.secrets(in: target) { learn(secret) }
        }
    }

    /// A cookie may be a value without a name (RFC 6265 §5.2, as browsers have it).
    private mutating func learn(cookie pair: Substring) {
        var value = pair
        if let equals = pair.firstIndex(of: "=") { value = pair[pair.index(after: equals)...] }
        learn(String(value.trimmed { $0 == " " || $0 == "\"" }))
    }

    /// URLs in a message.
    private static func targets(of head: PlainHead) -> [String] {
        let names: Set<String> = ["referer", "location", "content-location"]
        let others = head.lines.filter { names.contains($0.name.lowercased()) }.map(\.value)
        return head.status == 0 ? [head.start[1]] + others : others
    }

    /// Values of parameters of a query, of a path's segment or of a fragment.
    private static func secrets(in target: String) -> [String] {
        let pairs = target.split(omittingEmptySubsequences: false) { "?&;#".contains($0) }
        return pairs.dropFirst().compactMap { pair in
            guard let equals = pair.firstIndex(of: "="),
                SecretParameter.isSecret(pair[..<equals]) || SecretParameter.isNested(in: pair)
            else { return nil }
            let value = pair[pair.index(after: equals)...]
            // That of a path's segment ends with it.
            let before = target[..<pair.startIndex]
            let isOfPath = before.last == ";" && !before.contains("?")
            return String(isOfPath ? value.prefix { $0 != "/" } : value)
        }.filter { !$0.isEmpty }
    }

    /// Remembers a text that must not be written.
    mutating func learn(_ secret: String) {
        // What is so short tells nothing, and would be found where it is none.
        guard !isOff, secret.utf8.count >= 3, words[secret] == nil else { return }
        words[secret] = "secret-\(words.count + 1)"
        search.add(secret)
    }

    /// Whether a message carries a credential, so that its body may be somebody's own.
    static func isPersonal(_ head: PlainHead) -> Bool {
        let hasField = head.lines.contains { name, _ in
            let name = name.lowercased()
            return name == "cookie" || name == "set-cookie" || fields.contains(name)
        }
        return hasField || targets(of: head).contains { !secrets(in: $0).isEmpty }
    }

    /// The same of bytes of no known form: they name what carries a credential.
    static func isPersonal(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        return text.contains("cookie") || fields.contains { text.contains($0) }
            || !secrets(in: text).isEmpty
    }

    /// The text with each secret in it replaced.
    ///
    /// - Parameter longOnly: short ones are left, where a word of a few letters is none.
    func hidden(_ text: String, longOnly: Bool = false) -> String {
        if isOff { return text }
        let bytes = Array(text.utf8)
        var (result, end): ([UInt8], Int) = ([], 0)
        while let found = search.next(in: bytes, from: end, longOnly: longOnly) {
            result += bytes[end..<found.range.lowerBound]
            result += (words[found.secret] ?? "").utf8
            end = found.range.upperBound
        }
        if end == 0 { return text }
        result += bytes[end...]
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether a secret stands in a body, of whatever kind it is.
    func isIn(_ bytes: [UInt8]) -> Bool {
        !isOff && search.next(in: bytes, from: 0, longOnly: false) != nil
    }
}

extension Substring {
    fileprivate func trimmed(_ isLeftOut: (Character) -> Bool) -> Substring {
        let rest = drop(while: isLeftOut)
        let last = rest.lastIndex { !isLeftOut($0) }
        return rest[..<(last.map(rest.index(after:)) ?? rest.startIndex)]
    }
}
