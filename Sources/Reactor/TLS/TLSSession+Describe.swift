import COpenSSL
import Glibc

/// What a secured connection speaks, in texts that OpenSSL keeps for as long as the process lives.
@safe
public struct TLSNames: @unchecked Sendable {  // nobody writes to the texts
    /// `TLSv1.3`.
    public let version: UnsafeRawBufferPointer
    /// `ECDHE-RSA-AES128-GCM-SHA256`; RFC 8446's names for TLS 1.3.
    public let cipher: UnsafeRawBufferPointer
    /// An earlier session was resumed.
    public let isResumed: Bool
}

extension TLSSession {
    var names: TLSNames? {
        guard isEstablished else { return nil }
        return unsafe TLSNames(
            version: Self.bytes(SSL_get_version(ssl)),
            cipher: Self.bytes(SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))),
            isResumed: SSL_session_reused(ssl) == 1)
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: text, count: text.map { unsafe strlen($0) } ?? 0)
    }

    var description: TLSDescription {
        guard isEstablished else {
            return TLSDescription(
                isEstablished: false, version: "", cipher: "", isResumed: false,
                serverName: unsafe link.pointee.serverName, identity: unsafe link.pointee.identity,
                applicationProtocol: nil, peer: nil, kernelSends: false, kernelReceives: false)
        }
        return unsafe TLSDescription(
            isEstablished: true,
            version: String(cString: SSL_get_version(ssl)),
            cipher: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map {
                unsafe String(cString: $0)
            } ?? "",
            isResumed: SSL_session_reused(ssl) == 1,
            serverName: link.pointee.serverName,
            identity: link.pointee.identity,
            applicationProtocol: applicationProtocol,
            peer: peer,
            kernelSends: COpenSSL_kernel_sends(ssl) != 0,
            kernelReceives: COpenSSL_kernel_receives(ssl) != 0)
    }

    private var applicationProtocol: String? {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &bytes, &count)
        guard count > 0 else { return nil }
        return unsafe String(
            decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    private var peer: TLSDescription.Peer? {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl) else { return nil }
        let verdict = unsafe SSL_get_verify_result(ssl)
        return unsafe TLSDescription.Peer(
            certificate: TLSCertificate(certificate, file: ""),
            objection: verdict == Int(X509_V_OK) ? nil : Self.words(for: verdict))
    }
}
