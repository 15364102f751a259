import COpenSSL
import Glibc

/// One `SSL_CTX` on its way: each step reads a file or sets a rule, and says what is wrong with it.
@safe
final class TLSContextBuilder {
    private var handle: OpaquePointer?
    private let rules: TLSRules

    init(_ side: TLSContext.Side, _ rules: TLSRules) throws(TLSError) {
        self.rules = rules
        OpenSSLErrors.clear()
        let made = unsafe SSL_CTX_new(side == .server ? TLS_server_method() : TLS_client_method())
        guard let context = unsafe made else {
            throw TLSError("OpenSSL cannot begin: \(OpenSSLErrors.reason())", "free memory")
        }
        unsafe handle = context
        guard rules.versionMin <= rules.versionMax else {
            throw TLSError(
                "TLS \(rules.versionMin.rawValue) is above \(rules.versionMax.rawValue)",
                "let the minimum be at most the maximum")
        }
        unsafe COpenSSL_set_modes(context)
        _ = unsafe COpenSSL_set_versions(
            context, rules.versionMin.number, rules.versionMax.number)
        var options = COpenSSL_options()
        if rules.allowsKernel { options |= COpenSSL_kernel_option() }
        _ = unsafe SSL_CTX_set_options(context, options)
        // Nobody is there to type a pass phrase: without this OpenSSL would ask the terminal.
        unsafe SSL_CTX_set_default_passwd_cb(context, noPassPhrase)
        try unsafe setCiphers(context)
        _ = unsafe SSL_CTX_set_timeout(context, max(1, rules.sessionSeconds))
        if side == .client {
            unsafe COpenSSL_set_session_cache(
                context, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL), 0)
            _ = unsafe SSL_CTX_set_alpn_protos(
                context, TLSProtocols.wire, UInt32(TLSProtocols.wire.count))
        }
    }

    deinit {
        unsafe SSL_CTX_free(handle)
    }

    /// Hands the context over to the caller, who frees it.
    func take() -> OpaquePointer {
        guard let taken = unsafe handle else { preconditionFailure("taken twice") }
        unsafe handle = nil
        return unsafe taken
    }

    private func setCiphers(_ context: OpaquePointer) throws(TLSError) {
        if unsafe SSL_CTX_set_cipher_list(context, rules.ciphers) != 1 {
            throw TLSError(
                "no cipher of TLS 1.2 is left of \"\(rules.ciphers)\"",
                "write it as \"openssl ciphers -tls1_2\" takes it, such as ECDHE+AESGCM")
        }
        guard let suites = rules.cipherSuites else { return }
        if unsafe SSL_CTX_set_ciphersuites(context, suites) != 1 {
            throw TLSError(
                "no cipher suite of TLS 1.3 is left of \"\(suites)\"",
                "name suites such as TLS_AES_128_GCM_SHA256, with colons between")
        }
    }

    /// Loads a certificate, its chain and its key, and sees that they belong together.
    func use(_ pair: TLSKeyPair) throws(TLSError) -> TLSCertificate {
        OpenSSLErrors.clear()
        if unsafe SSL_CTX_use_certificate_chain_file(handle, pair.chainFile) != 1 {
            throw unreadable("certificate", pair.chainFile, "certificate")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(handle, pair.keyFile, SSL_FILETYPE_PEM) == 1,
            unsafe SSL_CTX_check_private_key(handle) == 1
        else { throw badKey(pair) }
        guard let certificate = unsafe SSL_CTX_get0_certificate(handle) else {
            throw unreadable("certificate", pair.chainFile, "certificate")
        }
        return unsafe TLSCertificate(certificate, file: pair.chainFile)
    }

    private func badKey(_ pair: TLSKeyPair) -> TLSError {
        let error = OpenSSLErrors.take()
        let isMismatch =
            error.map {
                $0.library == ERR_LIB_X509
                    && [X509_R_KEY_VALUES_MISMATCH, X509_R_KEY_TYPE_MISMATCH].contains($0.number)
                    // A key of another kind is kept for another certificate.
                    || $0.library == ERR_LIB_SSL && $0.number == SSL_R_NO_CERTIFICATE_ASSIGNED
            } ?? false
        if isMismatch {
            return TLSError(
                "certificate \"\(pair.chainFile)\" does not belong to key \"\(pair.keyFile)\"",
                "name the key that the certificate was asked for with")
        }
        return unreadable("key", pair.keyFile, "private key without a pass phrase", error)
    }

    private func unreadable(
        _ kind: String, _ file: String, _ content: String,
        _ known: (reason: String, library: Int32, number: Int32)? = nil
    ) -> TLSError {
        let error = known ?? OpenSSLErrors.take()
        if let error, error.library == ERR_LIB_SYS {
            return TLSError(
                "\(kind) \"\(file)\" cannot be read: \(error.reason)",
                "correct the path, or let this user read the file")
        }
        let reason = error.map { " (\($0.reason))" } ?? ""
        return TLSError(
            "\(kind) \"\(file)\" holds no \(content) in PEM form\(reason)",
            "give a file that begins with -----BEGIN")
    }

    // MARK: servers

    /// What one identity asks of viewers, and how its sessions are resumed.
    func serve(
        _ identity: TLSIdentity, _ settings: TLSServerSettings, hasTickets: Bool
    ) throws(TLSError) {
        let isResuming = rules.sessionSeconds > 0
        unsafe COpenSSL_set_session_cache(
            handle, Int(isResuming ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF),
            settings.sessionCacheSize)
        if !isResuming || !hasTickets {
            _ = unsafe SSL_CTX_set_options(handle, COpenSSL_no_ticket_option())
        }
        if !isResuming { _ = unsafe SSL_CTX_set_num_tickets(handle, 0) }
        if hasTickets { _ = unsafe COpenSSL_set_ticket_callback(handle, keyTicket) }
        // A session made under one identity is of no use under another: whoever was let in without
        // a certificate must not come back, by a ticket, where one is required (CVE-2025-23419).
        let scope = "\(identity.names) \(identity.keyPair.chainFile) \(identity.clientCertificates)"
        var digest = [UInt8](repeating: 0, count: 64)
        var size: UInt32 = 0
        let bytes = Array(scope.utf8)
        _ = unsafe EVP_Digest(bytes, bytes.count, &digest, &size, EVP_sha256(), nil)
        _ = unsafe SSL_CTX_set_session_id_context(handle, digest, 32)
        unsafe SSL_CTX_set_alpn_select_cb(handle, chooseProtocol, nil)
        switch identity.clientCertificates {
        case .none: return
        case .request(let file, let depthMax), .require(let file, let depthMax):
            try trust(.file(file), depthMax: depthMax)
            unsafe SSL_CTX_set_client_CA_list(handle, SSL_load_client_CA_file(file))
        }
    }

    // MARK: trust

    /// Whom this side believes. Sets verification on, unless anyone is believed.
    func trust(_ trust: TLSTrust, depthMax: Int) throws(TLSError) {
        OpenSSLErrors.clear()
        unsafe SSL_CTX_set_verify_depth(handle, Int32(clamping: depthMax))
        unsafe SSL_CTX_set_verify(handle, trust == .anyone ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
        switch trust {
        case .anyone: return
        case .system:
            if unsafe SSL_CTX_set_default_verify_paths(handle) != 1 {
                throw TLSError(
                    "the system's certificates cannot be read: \(OpenSSLErrors.reason())",
                    "install ca-certificates, or name a file of roots")
            }
        case .file(let file):
            if unsafe SSL_CTX_load_verify_file(handle, file) != 1 {
                throw unreadable("authorities file", file, "certificate")
            }
        case .directory(let directory):
            var status = stat()
            // OpenSSL takes any text for a directory, and finds nothing in it later.
            guard unsafe stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                unsafe SSL_CTX_load_verify_dir(handle, directory) == 1
            else {
                throw TLSError(
                    "authorities directory \"\(directory)\" cannot be read",
                    "name a directory that \"openssl rehash\" has prepared")
            }
        }
    }
}

private func noPassPhrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isNew: Int32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 { -1 }

extension TLSVersion {
    var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }
}
