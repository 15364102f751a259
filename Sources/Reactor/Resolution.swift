import Glibc

/// The addresses of a host name, in the resolver's order of preference.
///
/// Blocks for as long as the resolver takes: never to be called on a loop.
/// - Throws: a ``ResolutionError`` that carries the resolver's words.
public func resolve(_ host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else {
        throw ResolutionError(host: host, code: code)
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var entry = unsafe list
    while let info = unsafe entry {
        let found = unsafe SocketStorage(copying: info.pointee.ai_addr, info.pointee.ai_addrlen)
        addresses.append(found.address.with(port: port))
        unsafe entry = info.pointee.ai_next
    }
    return addresses
}

/// A host name that has no address.
public struct ResolutionError: Error, Hashable, Sendable, CustomStringConvertible {
    public let host: String
    /// The resolver's words.
    public let reason: String
    /// Nobody knows yet; a later look-up may find it.
    public let isPending: Bool

    public init(host: String, reason: String, isPending: Bool = false) {
        self.host = host
        self.reason = reason
        self.isPending = isPending
    }

    /// - Parameter code: of getaddrinfo. Servers that do not answer are EAI_AGAIN: they may later.
    init(host: String, code: Int32) {
        self.init(
            host: host, reason: unsafe String(cString: gai_strerror(code)),
            isPending: code == EAI_AGAIN)
    }

    public var description: String {
        "\"\(host)\": \(reason); correct the name, or give the address itself"
    }
}
