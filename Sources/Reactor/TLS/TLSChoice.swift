import COpenSSL

/// The application protocols that are spoken behind TLS, each with its length before it
/// (RFC 7301 §3.1).
enum TLSProtocols {
    /// What an origin is offered.
    static let wire: [UInt8] = [8] + Array("http/1.1".utf8)
    /// What is taken from a viewer, the best first.
    static let taken = [wire, [8] + Array("http/1.0".utf8)]
}

/// Takes `http/1.1` from what the viewer offers, else `http/1.0`; whoever offers only others is
/// refused, with the alert made for it (RFC 7301 §3.2).
func chooseProtocol(
    _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ length: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ count: UInt32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let offered = unsafe offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    let bytes = unsafe UnsafeBufferPointer(start: offered, count: Int(count))
    for wanted in TLSProtocols.taken {
        guard let start = unsafe find(wanted, in: bytes) else { continue }
        unsafe chosen?.pointee = offered + start + 1
        unsafe length?.pointee = bytes[start]
        return SSL_TLSEXT_ERR_OK
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}

/// Where in a list of protocols one begins, its length included.
private func find(_ wanted: [UInt8], in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var index = 0
    while index < bytes.count {
        let next = unsafe index + 1 + Int(bytes[index])
        guard next <= bytes.count else { return nil }
        if unsafe bytes[index..<next].elementsEqual(wanted) { return index }
        index = next
    }
    return nil
}

/// Reads the name that a ClientHello asks for, and puts on that identity.
///
/// Called before anything else of the hello is looked at, the session to be resumed above all: the
/// callback meant for names comes after that.
func chooseIdentity(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<Int32>?,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let ssl = unsafe ssl, let context = unsafe TLSContext.owner(of: ssl) else {
        return SSL_CLIENT_HELLO_ERROR
    }
    let name = unsafe askedName(ssl)
    let index = name.flatMap { context.names.identity(for: $0) } ?? 0
    if let link = unsafe TLSLink.of(ssl) {
        unsafe link.pointee.serverName = name
        unsafe link.pointee.identity = index
    }
    guard unsafe SSL_set_SSL_CTX(ssl, context.handles[index]) != nil else {
        return SSL_CLIENT_HELLO_ERROR
    }
    // Changing the context changes certificates and trust only; the rest is put on here.
    switch context.clientPolicies[index] {
    case .none:
        unsafe SSL_set_verify(ssl, SSL_VERIFY_NONE, nil)
        return SSL_CLIENT_HELLO_SUCCESS
    case .request(_, let depthMax):
        // Who shows none is served, too; who shows a bad one is not who he says.
        unsafe SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
        unsafe SSL_set_verify_depth(ssl, Int32(clamping: depthMax))
    case .require(_, let depthMax):
        unsafe SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        unsafe SSL_set_verify_depth(ssl, Int32(clamping: depthMax))
    }
    // Who shows a certificate shows it each time: it may have been revoked or expired meanwhile.
    _ = unsafe SSL_set_options(ssl, COpenSSL_no_ticket_option())
    _ = unsafe SSL_set_num_tickets(ssl, 0)
    unsafe SSL_set_not_resumable_session_callback(ssl) { _, _ in 1 }
    return SSL_CLIENT_HELLO_SUCCESS
}

/// The host name of the hello's server_name extension (RFC 6066 §3); nil if there is none, or if
/// it is malformed, which OpenSSL then refuses by itself.
private func askedName(_ ssl: OpaquePointer) -> String? {
    var start: UnsafePointer<UInt8>?
    var count = 0
    guard
        unsafe SSL_client_hello_get0_ext(
            ssl, UInt32(TLSEXT_TYPE_server_name), &start, &count) == 1
    else { return nil }
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    // Length of the list, type of its first name, length of that name.
    guard bytes.count > 5, unsafe bytes[2] == UInt8(TLSEXT_NAMETYPE_host_name) else { return nil }
    let length = unsafe Int(bytes[3]) << 8 | Int(bytes[4])
    guard length > 0, 5 + length <= bytes.count else { return nil }
    return unsafe String(decoding: bytes[5..<5 + length], as: UTF8.self)
}
