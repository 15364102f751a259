import Caching
import CloudFront

/// An id as CloudFront gives them: a letter, and 13 upper-case letters and digits that depend on
/// nothing but `source`.
func identifier(_ letter: Character, from source: String) -> String {
    let bytes = Array(source.utf8)
    // No secret: an id is no credential, only unlikely to be given twice.
    var rest = unsafe CacheKey.hash(bytes.span.bytes, seed: (0, 0)).high
    var digits: [UInt8] = []
    for _ in 0..<13 {
        let digit = UInt8(rest % 36)
        digits.append(digit < 10 ? 0x30 + digit : 0x41 + digit - 10)
        rest /= 36
    }
    return "\(letter)" + String(decoding: digits, as: UTF8.self)
}

/// Where viewers would find a distribution that has no domain name of its own.
func domainName(ofDistribution id: String) -> String {
    "d\(id.dropFirst().lowercased()).cloudfront.net"
}

/// The ETag of a document that was last modified then.
func versionText(_ document: APIDocument, _ lastModified: Int64) -> String {
    identifier("E", from: "\(lastModified) \(document.xml)")
}

/// Whether a text has the shape of an ETag.
func isVersion(_ text: String) -> Bool {
    text.hasPrefix("E") && (2...20).contains(text.utf8.count)
        && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) }
}
