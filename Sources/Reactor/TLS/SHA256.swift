import COpenSSL

/// SHA-256 (FIPS 180-4) and the keyed digest made of it, by libcrypto.
///
/// Cost: of the order of a gigabyte a second; each call allocates its 32 bytes.
public enum SHA256 {
    /// Length of every digest, in bytes.
    public static let length = 32

    /// The digest of the bytes.
    public static func digest(of bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: length)
        let isMade = unsafe EVP_Digest(bytes, bytes.count, &result, nil, EVP_sha256(), nil)
        precondition(isMade == 1, "libcrypto has no SHA-256")
        return result
    }

    /// HMAC-SHA-256 (RFC 2104) of the message under the key.
    public static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: length)
        let made = unsafe HMAC(
            EVP_sha256(), key, Int32(key.count), message, message.count, &result, nil)
        precondition(unsafe made != nil, "libcrypto has no HMAC")
        return result
    }

    /// Whether two texts are the same, in a time that depends on their lengths only: who guesses
    /// learns nothing from how long the answer took.
    public static func isSame(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        return unsafe CRYPTO_memcmp(first, second, first.count) == 0
    }
}
