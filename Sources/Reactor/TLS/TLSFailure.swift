import Glibc

/// Why a secured connection is of no more use; for logs and counters.
public enum TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The peer's end came without its goodbye (close_notify): whoever sits between may have cut
    /// off the rest, so that a body whose end is the connection's is not whole (RFC 8446 §6.1).
    case truncated
    /// The peer left during the handshake.
    case handshakeAbandoned
    /// Its certificate is not trusted, or is for another host; OpenSSL's words.
    case untrusted(String)
    /// It broke the protocol, speaks no TLS or shares no version or cipher with us, or has told us
    /// by an alert that we do; OpenSSL's words.
    case broken(String)
    /// The socket failed: an errno.
    case socket(Int32)

    public var description: String {
        switch self {
        case .truncated: "the connection was cut off without a closing message"
        case .handshakeAbandoned: "the peer left during the TLS handshake"
        case .untrusted(let reason): "the peer's certificate is not trusted: \(reason)"
        case .broken(let reason): "TLS failed: \(reason)"
        case .socket(let errno): SystemError(call: "recv", errno: errno).reason
        }
    }

    /// What ``IOResult/failed(_:)`` carries for it.
    public var errno: Int32 {
        switch self {
        case .truncated, .handshakeAbandoned: ECONNRESET
        case .untrusted: EKEYREJECTED
        case .broken: EPROTO
        case .socket(let errno): errno
        }
    }
}

/// What is known of a secured connection; for logs, status and sign-in by certificate.
public struct TLSDescription: Hashable, Sendable {
    /// False: the handshake goes on, and the rest is not known yet.
    public var isEstablished: Bool
    public var version: String
    public var cipher: String
    /// An earlier session was resumed: no certificate went over the wire.
    public var isResumed: Bool
    /// Server: the name the viewer asked for (SNI), as sent; a Host field may differ.
    public var serverName: String?
    /// Server: position in ``TLSServerSettings/identities`` of what was shown.
    public var identity: Int
    /// `http/1.1`, if the peer negotiates protocols.
    public var applicationProtocol: String?
    /// The certificate that the peer showed.
    public var peer: Peer?
    /// Whether the kernel seals what is sent, and opens what is received.
    public var kernelSends: Bool
    public var kernelReceives: Bool

    public struct Peer: Hashable, Sendable {
        public var certificate: TLSCertificate
        /// Why it is not to be believed; nil: chain, dates and, of an origin, name were verified.
        /// Of no meaning towards an origin when the client trusts anyone.
        public var objection: String?
    }
}
