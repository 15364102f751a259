/// A CIDR block such as `10.0.0.0/8`: the addresses that begin with the same bits.
///
/// An IPv4 block holds IPv4 addresses only, and an IPv6 block, `::/0` included, IPv6 ones only.
/// Source: RFC 4632 §3.1, RFC 4291 §2.3.
public struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    /// The lowest address of the block; its port is 0.
    public let base: SocketAddress
    /// How many bits all addresses of the block share: 0 to 32, or 0 to 128.
    public let prefixLength: Int

    private let highMask: UInt64
    private let lowMask: UInt64

    /// The block of that length around `address`; nil if the length does not suit its family.
    public init?(_ address: SocketAddress, prefixLength: Int) {
        let width = address.isIPv4 ? 32 : 128
        guard (0...width).contains(prefixLength) else { return nil }
        let bits = prefixLength + 128 - width
        highMask = Self.mask(min(bits, 64))
        lowMask = Self.mask(max(bits - 64, 0))
        base = SocketAddress(high: address.high & highMask, low: address.low & lowMask, port: 0)
        self.prefixLength = prefixLength
    }

    /// `10.0.0.0/8`, `2001:db8::/32`, or a single address; nil if it is none of these.
    ///
    /// Bits behind the prefix are dropped: `10.1.2.3/8` is `10.0.0.0/8`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = SocketAddress(ip: String(parts[0])) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        guard parts.count == 2 else {
            self.init(address, prefixLength: width)
            return
        }
        let digits = parts[1].utf8
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(parts[1])
        else { return nil }
        self.init(address, prefixLength: length)
    }

    /// Whether the address lies in the block; its port and zone do not matter.
    public func contains(_ address: SocketAddress) -> Bool {
        (address.high ^ base.high) & highMask == 0 && (address.low ^ base.low) & lowMask == 0
            && address.isIPv4 == base.isIPv4
    }

    /// In the form that ``init(_:)`` reads, always with its length.
    public var description: String { "\(base.ipText)/\(prefixLength)" }

    private static func mask(_ bits: Int) -> UInt64 {
        bits == 0 ? 0 : ~0 << UInt64(64 - bits)
    }
}
