import Reactor

/// The address of an origin's member, taken apart: `http://HOST[:PORT]`, `https://HOST[:PORT]` or
/// `unix:/PATH`.
struct OriginURL: Equatable {
    enum Target: Equatable {
        /// A name or an address without brackets.
        case host(String, port: UInt16)
        case unix(path: String)
    }

    var target: Target
    /// Host and port for the Host field; the scheme's own port is left out (RFC 9110 §4.2.3).
    var authority: String
    var speaksTLS = false

    /// Only what names a server: a path belongs to the origin.
    static var form: ValueForm<OriginURL> {
        ValueForm { text throws(Complaint) in
            if text.hasPrefix("unix:") {
                guard case .unix(let path)? = Endpoint(text) else {
                    throw Complaint("is no Unix socket", "write unix:/PATH with at most 107 bytes")
                }
                return OriginURL(target: .unix(path: path), authority: "localhost")
            }
            return try parseHTTP(text)
        }
    }

    private static func parseHTTP(_ text: String) throws(Complaint) -> OriginURL {
        let lower = text.lowercased()
        let speaksTLS = lower.hasPrefix("https://")
        guard speaksTLS || lower.hasPrefix("http://") else {
            throw Complaint(
                "is no URL of an origin", "write http://HOST[:PORT] or https://HOST[:PORT]")
        }
        let standardPort: UInt16 = speaksTLS ? 443 : 80
        var rest = text.dropFirst(speaksTLS ? "https://".count : "http://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.contains("@") {
            throw Complaint(
                "holds a user name", "remove it; set Authorization in the origin's \"headers\"")
        }
        if rest.contains(where: { "/?#".contains($0) }) {
            throw Complaint(
                "holds more than a host and a port", "move the path to the origin's key \"path\"")
        }
        let parts = try hostAndPort(rest, standardPort: standardPort)
        guard parts.port > 0 else {
            throw Complaint(
                "has port 0, where nobody can be reached", "write the port that it listens on")
        }
        let shown = parts.host.contains(":") ? "[\(parts.host)]" : parts.host
        return OriginURL(
            target: .host(parts.host, port: parts.port),
            authority: parts.port == standardPort ? shown : "\(shown):\(parts.port)",
            speaksTLS: speaksTLS)
    }
}

/// Where to listen: `HOST:PORT`, `[IPV6]:PORT`, `:PORT` for all addresses, or `unix:/PATH`.
struct ListenAddress: Equatable {
    enum Target: Equatable {
        case host(String, port: UInt16)
        case all(port: UInt16)
        case unix(path: String)
    }

    var target: Target

    static var form: ValueForm<ListenAddress> {
        ValueForm { text throws(Complaint) in
            if text.hasPrefix("unix:") {
                guard case .unix(let path)? = Endpoint(text) else {
                    throw Complaint("is no Unix socket", "write unix:/PATH with at most 107 bytes")
                }
                return ListenAddress(target: .unix(path: path))
            }
            if text.contains("/") {
                throw Complaint("is no address and port", "write HOST:PORT, without a scheme")
            }
            if text.hasPrefix(":"), !text.dropFirst().contains(":") {
                guard let port = portNumber(text.dropFirst()) else { throw noPort }
                return ListenAddress(target: .all(port: port))
            }
            let parts = try hostAndPort(text[...], standardPort: nil)
            return ListenAddress(target: .host(parts.host, port: parts.port))
        }
    }
}

/// Splits `HOST[:PORT]` or `[IPV6][:PORT]`. - Parameter standardPort: nil if a port must be given.
private func hostAndPort(
    _ text: Substring, standardPort: UInt16?
) throws(Complaint) -> (host: String, port: UInt16) {
    var host = text
    var port: Substring?
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
        host = text[text.index(after: text.startIndex)..<close]
        let rest = text[text.index(after: close)...]
        guard rest.isEmpty || rest.hasPrefix(":") else {
            throw Complaint("has text after its bracket", "write [ADDRESS]:PORT")
        }
        port = rest.isEmpty ? nil : rest.dropFirst()
        guard SocketAddress(ip: String(host))?.isIPv4 == false else {
            throw Complaint("has no IPv6 address in its brackets", "write it as [::1]:8080")
        }
    } else if let colon = text.firstIndex(of: ":") {
        host = text[..<colon]
        port = text[text.index(after: colon)...]
        if port?.contains(":") == true {
            throw Complaint("has several colons", "put an IPv6 address in brackets: [::1]:8080")
        }
    }
    guard isHostName(host) else {
        throw Complaint("has no valid host", "write a name or an address, such as 127.0.0.1")
    }
    guard let given = port.map(portNumber) ?? standardPort else {
        throw noPort
    }
    return (String(host), given)
}

private var noPort: Complaint {
    Complaint("has no valid port", "add a colon and a number up to 65535")
}

private func portNumber(_ text: Substring) -> UInt16? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
}

// Letters, digits, hyphens, dots and underscores (which Docker's names have), or an IPv6 address.
private func isHostName(_ text: Substring) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
            && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-._:%".unicodeScalars.contains(scalar))
    }
}
