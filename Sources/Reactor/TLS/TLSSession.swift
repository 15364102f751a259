import COpenSSL
import Glibc

/// One secured connection: what OpenSSL holds of it, and what a loop has to know between two calls.
///
/// Belongs to the ``TLSTable`` of one loop. Costs some 8 KiB while idle, 40 while data moves.
@safe
struct TLSSession: ~Copyable {
    /// What is waited for, where that is not what the owner thinks: a receive may have to send
    /// (handshake, key update), a send to receive.
    struct Crossing: OptionSet {
        let rawValue: UInt8
        static var receiveWaitsToSend: Crossing { Crossing(rawValue: 1) }
        static var sendWaitsToReceive: Crossing { Crossing(rawValue: 2) }
        /// The closing message does not fit into the socket yet.
        static var owesEnd: Crossing { Crossing(rawValue: 4) }
    }

    let ssl: OpaquePointer
    let link: UnsafeMutablePointer<TLSLink>
    /// Retained: callbacks find it through OpenSSL without retaining it.
    let context: TLSContext
    /// Under which the loop watches the descriptor.
    var token: Token
    var crossing: Crossing = []
    /// What the loop is to be told by its next wait, since the kernel will not.
    var announced: Readiness = []
    /// Bytes of the caller's that are sealed in a record which the socket has not taken whole. They
    /// count as sent only then; the caller offers them again until it does.
    var sealed = 0
    /// The record of `sealed` is with OpenSSL still.
    var isPending = false
    var failure: TLSFailure?
    /// The socket takes nothing more; what the peer said before may still be received.
    var sendFailure: TLSFailure?
    /// Set once OpenSSL must not be asked any more.
    var isBroken = false
    var isEstablished = false
    var hasSentEnd = false

    /// - Parameters:
    ///   - host: client: the name or address that the certificate must be for.
    ///   - other: client: a name that it may be for as well.
    ///   - early: bytes already received.
    /// - Returns: nil without memory.
    init?(
        _ context: TLSContext, fd: Int32, host: String?, or other: String?, token: Token,
        early: [UInt8]
    ) {
        guard let ssl = unsafe SSL_new(context.handles[0]) else { return nil }
        let link = UnsafeMutablePointer<TLSLink>.allocate(capacity: 1)
        // What is resumed is not verified anew, so that a session is for those names alone.
        let peer = other.map { "\(host ?? "")/\($0)" } ?? host
        unsafe link.initialize(to: TLSLink(fd: fd, peer: peer, early: early))
        guard let bio = unsafe TLSSocket.make(link) else {
            unsafe SSL_free(ssl)
            unsafe link.deinitialize(count: 1)
            unsafe link.deallocate()
            return nil
        }
        unsafe SSL_set_bio(ssl, bio, bio)
        unsafe TLSLink.attach(link, to: ssl)
        unsafe self.ssl = ssl
        unsafe self.link = link
        self.context = context
        self.token = token
        // The kernel has told of them already.
        if !early.isEmpty { announced = .readable }
        switch context.side {
        case .server: unsafe SSL_set_accept_state(ssl)
        case .client:
            unsafe SSL_set_connect_state(ssl)
            if let host { expect(host, or: other) }
        }
    }

    deinit {
        // Left in peace, or its session could not be resumed.
        if !isBroken, isEstablished {
            unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        }
        unsafe SSL_free(ssl)
        unsafe link.deinitialize(count: 1)
        unsafe link.deallocate()
    }

    /// Whom the certificate must name, which session may be resumed, and which name is asked for.
    private func expect(_ host: String, or other: String?) {
        if let peer = unsafe link.pointee.peer {
            unsafe context.clientSessions?.offer(to: ssl, host: peer)
        }
        let isAddress = SocketAddress(ip: host) != nil
        // An address is never asked for by name (RFC 6066 §3).
        if !isAddress { _ = unsafe COpenSSL_set_server_name(ssl, host) }
        guard context.checksPeer else { return }
        if isAddress {
            _ = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
        } else {
            unsafe SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            _ = unsafe SSL_set1_host(ssl, host)
            if let other { _ = unsafe SSL_add1_host(ssl, other) }
        }
    }

    /// How one call of OpenSSL ended that did not succeed.
    enum Stop {
        case waits(toSend: Bool)
        case ended
        case failed
    }

    /// Finds out why; remembers a failure.
    mutating func stop(_ result: Int32) -> Stop {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .waits(toSend: false)
        case SSL_ERROR_WANT_WRITE: return .waits(toSend: true)
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            isBroken = true
            failure = whyBroken()
            return .failed
        }
    }

    private func whyBroken() -> TLSFailure {
        let error = OpenSSLErrors.take()
        let failure = unsafe link.pointee.failure
        if failure != 0 { return .socket(failure) }
        let verdict = unsafe SSL_get_verify_result(ssl)
        if let error, error.library == ERR_LIB_SSL,
            error.number == SSL_R_CERTIFICATE_VERIFY_FAILED, verdict != Int(X509_V_OK)
        {
            return .untrusted(Self.words(for: verdict))
        }
        if unsafe link.pointee.sawEnd {
            return isEstablished ? .truncated : .handshakeAbandoned
        }
        return .broken(error?.reason ?? "for a reason OpenSSL does not tell")
    }

    static func words(for verdict: Int) -> String {
        guard let text = unsafe X509_verify_cert_error_string(verdict) else { return "\(verdict)" }
        return unsafe String(cString: text)
    }

    /// Goes on with the handshake, or with the answer to a key update; nil: nothing is left to do.
    mutating func settle() -> Stop? {
        if isEstablished, unsafe SSL_get_key_update_type(ssl) == SSL_KEY_UPDATE_NONE,
            unsafe SSL_is_init_finished(ssl) == 1
        {
            return nil
        }
        OpenSSLErrors.clear()
        let result = unsafe SSL_do_handshake(ssl)
        guard result == 1 else { return stop(result) }
        isEstablished = true
        return nil
    }

    var kernelSends: Bool { unsafe isEstablished && COpenSSL_kernel_sends(ssl) != 0 }
}
