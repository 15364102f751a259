/// Whom to ask about names, and under which other names: `/etc/resolv.conf`. Pure.
///
/// Source: resolv.conf(5) of glibc, whose limits these are; that of OpenBSD for `[ADDRESS]:PORT`.
public struct ResolverConfiguration: Equatable, Sendable {
    /// In their order; without any, this machine.
    public var servers: [SocketAddress] = []
    /// Domains that names are completed with.
    public var search: [String] = []
    /// A name with so many dots is tried as it stands first.
    public var dots = 1
    /// Seconds that one server has.
    public var timeout = 5
    /// How often all servers are asked.
    public var attempts = 2

    /// Most servers that are used.
    public static var serversMax: Int { 3 }

    public init() {}

    /// Reads a file; lines that are not understood are passed over, as glibc does.
    public init(reading text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" && $0 != ";" }
                .split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard let keyword = words.first, words.count > 1 else { continue }
            switch keyword {
            case "nameserver":
                if servers.count < Self.serversMax, let server = Self.server(words[1]) {
                    servers.append(server)
                }
            // The last of both wins.
            case "domain": search = [words[1]]
            case "search": search = Array(words[1...])
            case "options": for option in words[1...] { take(option) }
            default: continue
            }
        }
        if servers.isEmpty { servers = [.loopback(port: 53)] }
    }

    /// An address, at the standard port; or one in brackets, and a port.
    private static func server(_ text: String) -> SocketAddress? {
        guard text.hasPrefix("["), let end = text.firstIndex(of: "]") else {
            return SocketAddress(ip: text)?.with(port: 53)
        }
        let (inner, rest) = (text[..<end].dropFirst(), text[end...].dropFirst())
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return SocketAddress(ip: String(inner))?.with(port: port)
    }

    private mutating func take(_ option: String) {
        let pair = option.split(separator: ":", maxSplits: 1)
        guard pair.count == 2, let value = Int(pair[1]), value >= 0 else { return }
        switch pair[0] {
        case "ndots": dots = min(value, 15)
        case "timeout": timeout = min(max(1, value), 30)
        case "attempts": attempts = min(max(1, value), 5)
        default: return
        }
    }

    /// The names that a name may stand for, in the order in which they are asked for.
    ///
    /// One with a closing dot stands for itself alone.
    public func names(for name: String) -> [String] {
        if name.hasSuffix(".") { return [String(name.dropLast())] }
        let completed = search.filter { $0 != "." }.map { domain in
            "\(name).\(domain.hasSuffix(".") ? String(domain.dropLast()) : domain)"
        }
        let count = name.utf8.count { $0 == UInt8(ascii: ".") }
        return count >= dots ? [name] + completed : completed + [name]
    }
}
