import COpenSSL

/// A public key that checks signatures: RSA (PKCS #1 v1.5) or an elliptic curve's (ECDSA, DER).
///
/// Used by several threads at once, since checking leaves the key as it is.
@safe
public final class SignatureKey: @unchecked Sendable {  // EVP_PKEY counts references atomically
    public enum Digest: Sendable { case sha1, sha256 }

    private let key: OpaquePointer

    /// Reads a SubjectPublicKeyInfo in PEM form; throws what is wrong with it.
    public init(pem: String) throws(TLSError) {
        OpenSSLErrors.clear()
        let bytes = Array(pem.utf8)
        let key = unsafe bytes.withUnsafeBytes { bytes -> OpaquePointer? in
            guard
                let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
            else { return nil }
            defer { unsafe BIO_free(memory) }
            return unsafe PEM_read_bio_PUBKEY(memory, nil, nil, nil)
        }
        guard let key = unsafe key else {
            throw TLSError(
                "the public key cannot be read: \(OpenSSLErrors.reason())",
                "give it in PEM form, as openssl rsa -pubout writes it")
        }
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Whether `signature` is this key's over the digest of `message`. Allocates; about 30 µs.
    public func verifies(_ signature: [UInt8], of message: [UInt8], by digest: Digest) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        let algorithm = unsafe digest == .sha1 ? EVP_sha1() : EVP_sha256()
        defer { OpenSSLErrors.clear() }
        return unsafe EVP_DigestVerifyInit(context, nil, algorithm, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
