import COpenSSL

/// Certificates, keys, trust and rules, read and checked once, and immutable from then on.
///
/// Shared by all loops and threads. A reload makes a new one and uses it for new connections; the
/// running ones keep theirs. Making one reads files: not on a loop.
@safe
public final class TLSContext: @unchecked Sendable {  // OpenSSL locks within; nothing changes here
    public enum Side: Hashable, Sendable { case server, client }

    public let side: Side
    /// What is shown to the peers, for the operator: expiry above all.
    public let certificates: [TLSCertificate]

    /// Server: one for each identity, the default one first; client: only one. Owned.
    let handles: [OpaquePointer]
    let names: TLSNameTable
    let ticketKeys: TLSTicketKeys?
    let clientSessions: TLSSessionCache?
    let checksPeer: Bool
    /// By identity: verification mode and depth, to be set when a name has been chosen.
    let clientPolicies: [TLSClientCertificates]

    /// A context for viewers.
    ///
    /// - Parameter ticketKeys: given on from context to context at a reload; nil: no tickets.
    /// - Throws: ``TLSError`` with the file's name and what to do.
    public init(server settings: TLSServerSettings, ticketKeys: TLSTicketKeys?) throws(TLSError) {
        guard !settings.identities.isEmpty else {
            throw TLSError("TLS has no certificate to show", "name a certificate and its key")
        }
        var builders: [TLSContextBuilder] = []
        var certificates: [TLSCertificate] = []
        var names = TLSNameTable()
        for (index, identity) in settings.identities.enumerated() {
            let builder = try TLSContextBuilder(.server, settings.rules)
            let certificate = try builder.use(identity.keyPair)
            try builder.serve(identity, settings, hasTickets: ticketKeys != nil)
            for name in identity.names { try names.add(name, identity: index) }
            if identity.names.isEmpty {
                // What its certificate says beyond what can be matched is nobody's mistake here.
                for name in certificate.names { try? names.add(name, identity: index) }
            }
            certificates.append(certificate)
            builders.append(builder)
        }
        side = .server
        self.certificates = certificates
        self.names = names
        self.ticketKeys = ticketKeys
        clientSessions = nil
        checksPeer = true
        clientPolicies = settings.identities.map(\.clientCertificates)
        unsafe handles = builders.map { unsafe $0.take() }
        adopt()
        unsafe COpenSSL_set_hello_callback(handles[0], chooseIdentity)
    }

    /// A context for origins.
    ///
    /// - Throws: ``TLSError`` with the file's name and what to do.
    public init(client settings: TLSClientSettings) throws(TLSError) {
        let builder = try TLSContextBuilder(.client, settings.rules)
        try builder.trust(settings.trust, depthMax: settings.depthMax)
        side = .client
        certificates =
            try settings.keyPair.map { pair throws(TLSError) in [try builder.use(pair)] } ?? []
        names = TLSNameTable()
        ticketKeys = nil
        let isResuming = settings.rules.sessionSeconds > 0
        clientSessions =
            isResuming ? TLSSessionCache(capacity: settings.sessionCacheSize) : nil
        checksPeer = settings.trust != .anyone
        clientPolicies = []
        unsafe handles = [builder.take()]
        adopt()
        if isResuming { unsafe SSL_CTX_sess_set_new_cb(handles[0], keepSession) }
    }

    deinit {
        unsafe handles.forEach { unsafe SSL_CTX_free($0) }
    }

    /// Lets callbacks find this object; unretained, since every session retains it.
    private func adopt() {
        let pointer = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe handles.forEach { _ = unsafe SSL_CTX_set_ex_data($0, Self.index, pointer) }
    }

    private static let index = COpenSSL_context_index()

    /// The context whose session this is; valid within a callback, while the session lives.
    static func owner(of ssl: OpaquePointer?) -> TLSContext? {
        guard let ssl = unsafe ssl, let handle = unsafe SSL_get_SSL_CTX(ssl),
            let pointer = unsafe SSL_CTX_get_ex_data(handle, index)
        else { return nil }
        return unsafe Unmanaged<TLSContext>.fromOpaque(pointer).takeUnretainedValue()
    }
}

/// What a certificate says about itself.
public struct TLSCertificate: Hashable, Sendable {
    public let file: String
    /// The names it is for, as written in it: subject alternative names of type DNS, in lower case.
    public let names: [String]
    /// The subject on one line (RFC 2253).
    public let subject: String
    /// The last moment at which it is valid, in milliseconds since the epoch.
    public let expiresAt: Int64
}
