import Glibc

/// The kernel's form of an IP address; room for IPv6, which holds IPv4 too.
///
/// Layout (Linux, all architectures): family in host order at 0, port at 2; IPv4 address at 4;
/// IPv6 address at 8, zone in host order at 24.
struct SocketStorage {
    var raw = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)

    /// Room for an address that the kernel fills in.
    init() {}

    /// A copy of what the resolver found; only IP addresses are copied.
    init(copying source: UnsafePointer<sockaddr>, _ length: socklen_t) {
        guard length <= self.length else { return }
        self.length = length
        unsafe withUnsafeMutableBytes(of: &raw) {
            unsafe $0.copyMemory(
                from: UnsafeRawBufferPointer(start: source, count: Int(length)))
        }
    }

    init(_ address: SocketAddress) {
        let isIPv4 = address.isIPv4
        length =
            isIPv4
            ? socklen_t(MemoryLayout<sockaddr_in>.size) : socklen_t(MemoryLayout<sockaddr_in6>.size)
        unsafe withUnsafeMutableBytes(of: &raw) { bytes in
            let family = sa_family_t(isIPv4 ? AF_INET : AF_INET6)
            unsafe bytes.storeBytes(of: family, as: sa_family_t.self)
            unsafe bytes.storeBytes(of: address.port.bigEndian, toByteOffset: 2, as: UInt16.self)
            if isIPv4 {
                unsafe bytes.storeBytes(
                    of: address.ipv4.bigEndian, toByteOffset: 4, as: UInt32.self)
            } else {
                unsafe bytes.storeBytes(
                    of: address.high.bigEndian, toByteOffset: 8, as: UInt64.self)
                unsafe bytes.storeBytes(
                    of: address.low.bigEndian, toByteOffset: 16, as: UInt64.self)
                unsafe bytes.storeBytes(of: address.scope, toByteOffset: 24, as: UInt32.self)
            }
        }
    }

    /// What the kernel filled in; ``SocketAddress/unspecified`` if it is of no IP family.
    var address: SocketAddress {
        unsafe withUnsafeBytes(of: raw) { bytes in
            let port = unsafe UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
            switch unsafe Int32(bytes.load(as: sa_family_t.self)) {
            case AF_INET:
                let ipv4 = unsafe bytes.load(fromByteOffset: 4, as: UInt32.self)
                return SocketAddress(ipv4: UInt32(bigEndian: ipv4), port: port)
            case AF_INET6:
                let high = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                let low = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
                let scope = unsafe bytes.load(fromByteOffset: 24, as: UInt32.self)
                return SocketAddress(
                    high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), scope: scope,
                    port: port)
            default:
                return .unspecified
            }
        }
    }

    /// Calls `body` with the address in the form that `bind` and `connect` take.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
        unsafe withUnsafePointer(to: raw) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
        }
    }

    /// Calls `body` with the room for `accept4` and `getsockname` to fill in.
    mutating func withMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> Result {
        unsafe withUnsafeMutablePointer(to: &length) { length in
            unsafe withUnsafeMutablePointer(to: &raw) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, length)
                }
            }
        }
    }
}

/// Calls `body` with a Unix socket's address; a leading zero byte names an abstract one.
///
/// - Precondition: the path has at most ``Endpoint/pathLengthMax`` bytes.
func withUnixAddress<Result>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_un()
    precondition(path.utf8.count <= Endpoint.pathLengthMax, "the path of a socket is too long")
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address) { bytes in
        for (index, byte) in path.utf8.enumerated() { unsafe bytes[2 + index] = byte }
    }
    // An abstract name ends where its length says, a path at its closing zero.
    let isAbstract = path.utf8.first == 0
    let length = socklen_t(2 + path.utf8.count + (isAbstract ? 0 : 1))
    return unsafe withUnsafePointer(to: address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe body($0, length)
        }
    }
}
