/// The versions of TLS that are spoken here; older ones never are.
public enum TLSVersion: String, Hashable, Sendable, Comparable {
    case tls12 = "1.2"
    case tls13 = "1.3"

    public static func < (left: TLSVersion, right: TLSVersion) -> Bool {
        left == .tls12 && right == .tls13
    }
}

/// A certificate with its chain, and the key that belongs to it: paths of PEM files.
public struct TLSKeyPair: Hashable, Sendable {
    /// The certificate first, then whoever signed it, without the root.
    public var chainFile: String
    /// Not protected by a pass phrase: nobody is there to type it.
    public var keyFile: String

    public init(chainFile: String, keyFile: String) {
        self.chainFile = chainFile
        self.keyFile = keyFile
    }
}

/// Whether viewers show certificates of their own.
public enum TLSClientCertificates: Hashable, Sendable {
    case none
    /// Asked for; whoever has none, or a bad one, is still served: see ``TLSDescription/peer``.
    case request(authorities: String, depthMax: Int)
    /// Without one that the authorities vouch for there is no connection.
    ///
    /// - Parameters:
    ///   - authorities: a PEM file of the roots that are trusted, and of nothing else.
    ///   - depthMax: intermediate certificates allowed between root and viewer.
    case require(authorities: String, depthMax: Int)
}

/// What is shown to viewers who ask for certain names.
public struct TLSIdentity: Hashable, Sendable {
    /// Names in lower case; `*.example.org` stands for one label. Empty: the certificate's own.
    public var names: [String]
    public var keyPair: TLSKeyPair
    public var clientCertificates: TLSClientCertificates

    public init(
        names: [String] = [], keyPair: TLSKeyPair, clientCertificates: TLSClientCertificates = .none
    ) {
        self.names = names
        self.keyPair = keyPair
        self.clientCertificates = clientCertificates
    }
}

/// What both sides of a connection have to choose.
public struct TLSRules: Hashable, Sendable {
    public var versionMin = TLSVersion.tls12
    public var versionMax = TLSVersion.tls13
    /// For TLS 1.2, in OpenSSL's syntax. Default: ephemeral keys and authenticated ciphers only.
    public var ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"
    /// For TLS 1.3, in OpenSSL's syntax; nil: its own choice and order.
    public var cipherSuites: String?
    /// How long a session may be resumed, in seconds. Default two hours; 0: never.
    public var sessionSeconds = 7_200
    /// Lets the kernel encrypt (kTLS) where it and OpenSSL can; see ``TLSDescription``.
    public var allowsKernel = false

    public init() {}
}

/// All that a ``TLSContext`` for viewers is made of.
public struct TLSServerSettings: Hashable, Sendable {
    /// The first is shown to whoever asks for no name, or for one that nobody bears.
    public var identities: [TLSIdentity]
    public var rules = TLSRules()
    /// Sessions remembered for viewers who cannot take tickets.
    public var sessionCacheSize = 20_480

    public init(identities: [TLSIdentity]) {
        self.identities = identities
    }
}

/// Whom a client trusts.
public enum TLSTrust: Hashable, Sendable {
    /// What the system trusts (`/etc/ssl/certs` on Debian).
    case system
    /// A PEM file of roots.
    case file(String)
    /// A directory of roots with hashed names, as `openssl rehash` makes it.
    case directory(String)
    /// Anyone: neither chain nor name is looked at. For laboratories.
    case anyone
}

/// All that a ``TLSContext`` for origins is made of.
public struct TLSClientSettings: Hashable, Sendable {
    public var trust = TLSTrust.system
    /// Intermediate certificates allowed between a root and the server.
    public var depthMax = 8
    /// What is shown to servers that ask for a certificate.
    public var keyPair: TLSKeyPair?
    public var rules = TLSRules()
    /// Hosts whose last session is remembered.
    public var sessionCacheSize = 1_024

    public init() {}
}
