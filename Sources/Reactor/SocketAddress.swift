/// An IP address and a port: 24 plain bytes.
///
/// IPv4 is held as its IPv4-mapped IPv6 form, so that a viewer who comes as `::ffff:192.0.2.1` to
/// an IPv6 socket equals, hashes and prints as `192.0.2.1`.
/// Source: RFC 4291 §2.5.5.2.
public struct SocketAddress: Hashable, Sendable {
    /// The first eight bytes of the address, as a big-endian number.
    public let high: UInt64
    /// The last eight.
    public let low: UInt64
    /// Zone of a link-local IPv6 address: the interface's index; else 0.
    public let scope: UInt32
    public let port: UInt16

    /// An IPv6 address; an IPv4-mapped one is the IPv4 address, which has no zone.
    public init(high: UInt64, low: UInt64, scope: UInt32 = 0, port: UInt16) {
        self.high = high
        self.low = low
        self.scope = high == 0 && low >> 32 == Self.mappedPrefix >> 32 ? 0 : scope
        self.port = port
    }

    /// An IPv4 address, its first byte in the top bits.
    public init(ipv4: UInt32, port: UInt16) {
        self.init(high: 0, low: Self.mappedPrefix | UInt64(ipv4), port: port)
    }

    /// `::`, port 0: the address of a peer that has none, such as one behind a Unix socket.
    public static var unspecified: SocketAddress { SocketAddress(high: 0, low: 0, port: 0) }

    /// `127.0.0.1`.
    public static func loopback(port: UInt16) -> SocketAddress {
        SocketAddress(ipv4: 0x7F00_0001, port: port)
    }

    /// In 127.0.0.0/8, or `::1`: reached from this machine alone.
    public var isLoopback: Bool { isIPv4 ? ipv4 >> 24 == 127 : high == 0 && low == 1 }

    public var isIPv4: Bool { high == 0 && low >> 32 == Self.mappedPrefix >> 32 }

    /// The four bytes of an IPv4 address, the first in the top bits; of others, the last four.
    public var ipv4: UInt32 { UInt32(truncatingIfNeeded: low) }

    /// The same address with another port.
    public func with(port: UInt16) -> SocketAddress {
        SocketAddress(high: high, low: low, scope: scope, port: port)
    }

    static var mappedPrefix: UInt64 { 0xFFFF_0000_0000 }
}

/// Where to listen or to connect.
public enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    case ip(SocketAddress)
    /// A Unix socket; the path has 1 to 107 bytes.
    case unix(path: String)

    /// `192.0.2.1:80`, `[2001:db8::1]:80` or `unix:/run/mapedge.sock`; nil if it is neither.
    ///
    /// Host names are not resolved here; see ``resolve(_:port:)``.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst(5)
            guard !path.isEmpty, path.utf8.count <= Self.pathLengthMax,
                !path.utf8.contains(0)
            else { return nil }
            self = .unix(path: String(path))
        } else {
            guard let address = SocketAddress(text) else { return nil }
            self = .ip(address)
        }
    }

    /// In the form that ``init(_:)`` reads.
    public var description: String {
        switch self {
        case .ip(let address): address.description
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Longest path of a Unix socket: the kernel's 108 bytes less the closing zero.
    public static var pathLengthMax: Int { 107 }
}
