import HTTP

/// The secret of a reader's forms, as Django keeps it in a cookie and writes it into pages.
///
/// Plain it is 32 letters and digits. Masked it is 64: a mask, and the secret shifted by it letter
/// by letter, so that a page that is compressed never has the same bytes twice (BREACH). All
/// versions of Django take a plain one in cookies and forms, from 1.10 on a masked one too.
///
/// Source: `django.middleware.csrf`: `_mask_cipher_secret`, `_unmask_cipher_token`,
/// `_check_token_format`.
public enum FormSecret {
    public static var length: Int { 32 }
    public static var maskedLength: Int { 64 }
    private static let letters = Array(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)

    /// Whether it is nothing but letters and digits, and of one of the two lengths: all that may go
    /// from a reader's cookie into a page.
    public static func isValid(_ value: RawSpan) -> Bool {
        guard value.byteCount == length || value.byteCount == maskedLength else { return false }
        for at in 0..<value.byteCount where index(value.byte(at)) == nil { return false }
        return true
    }

    public static func isValid(_ value: [UInt8]) -> Bool {
        unsafe isValid(value.span.bytes)
    }

    /// A new one, plain.
    public static func made(using random: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<length).map { _ in letters[.random(in: 0..<letters.count, using: &random)] }
    }

    /// The plain secret of a valid value.
    public static func plain(_ value: [UInt8]) -> [UInt8] {
        guard value.count == maskedLength else { return value }
        return (0..<length).map { at in
            let (mask, letter) = (index(value[at]) ?? 0, index(value[length + at]) ?? 0)
            return letters[(letter - mask + letters.count) % letters.count]
        }
    }

    /// The secret of a valid value under a new mask.
    public static func masked(
        _ value: [UInt8], using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        let mask = made(using: &random)
        return mask
            + zip(plain(value), mask).map { letter, mask in
                letters[((index(letter) ?? 0) + (index(mask) ?? 0)) % letters.count]
            }
    }

    static func index(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x61...0x7A: Int(byte - 0x61)
        case 0x41...0x5A: Int(byte - 0x41) + 26
        case 0x30...0x39: Int(byte - 0x30) + 52
        default: nil
        }
    }
}
