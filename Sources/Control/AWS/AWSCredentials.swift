import Yams

/// Who asks, and by what secret.
struct AWSCredentials: Equatable, Sendable {
    var accessKeyID: String
    var secret: Secret
    /// Of temporary credentials; nil for lasting ones.
    var sessionToken: Secret?
    /// When they end, in milliseconds since 1970; nil: never.
    var expires: Int64?

    /// They are renewed so long before their end, in milliseconds: five minutes.
    static let renewalLead: Int64 = 300_000

    func isValid(at now: Int64) -> Bool { expires.map { now < $0 } ?? true }
    func isFresh(at now: Int64) -> Bool { expires.map { now < $0 - Self.renewalLead } ?? true }

    /// From the environment (`AWS_ACCESS_KEY_ID` and so on); nil: it names none.
    init?(environment: [String: String]) {
        guard let id = environment["AWS_ACCESS_KEY_ID"], !id.isEmpty,
            let secret = environment["AWS_SECRET_ACCESS_KEY"], !secret.isEmpty
        else { return nil }
        accessKeyID = id
        self.secret = Secret(secret)
        sessionToken = environment["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : Secret($0) }
    }

    /// From a shared credentials file; nil: it has no such profile, or one without keys.
    ///
    /// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
    init?(file: String, profile: String) {
        let values = sharedFile(file)[profile] ?? [:]
        guard let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"]
        else { return nil }
        accessKeyID = id
        self.secret = Secret(secret)
        sessionToken = values["aws_session_token"].map { Secret($0) }
    }

    /// From the JSON that IMDS and the endpoint of ECS answer with; nil: it is none.
    init?(json: [UInt8]) {
        guard let node = try? Yams.compose(yaml: String(decoding: json, as: UTF8.self)),
            let id = node["AccessKeyId"]?.string, let secret = node["SecretAccessKey"]?.string,
            let end = node["Expiration"]?.string.flatMap(milliseconds(ofTimestamp:))
        else { return nil }
        accessKeyID = id
        self.secret = Secret(secret)
        sessionToken = node["Token"]?.string.map { Secret($0) }
        expires = end
    }
}

/// The sections of a file in AWS's dialect of INI, by name: `[default]`, `[profile edge]` of the
/// config file (as `edge`), and their keys in lower case. Lines that are neither are passed over.
func sharedFile(_ text: String) -> [String: [String: String]] {
    var sections: [String: [String: String]] = [:]
    var name = ""
    for line in text.split(whereSeparator: \.isNewline) {
        let line = trimmed(line)
        if line.hasPrefix("#") || line.hasPrefix(";") { continue }
        if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
            let inside = trimmed(line[line.index(after: line.startIndex)..<end])
            name = String(inside.hasPrefix("profile ") ? trimmed(inside.dropFirst(8)) : inside)
            continue
        }
        guard let equals = line.firstIndex(of: "=") else { continue }
        let key = trimmed(line[..<equals]).lowercased()
        sections[name, default: [:]][key] = String(trimmed(line[line.index(after: equals)...]))
    }
    return sections
}

private func trimmed(_ text: Substring) -> Substring {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
}
