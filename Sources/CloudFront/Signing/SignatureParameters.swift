public import HTTP

/// What a request says to prove its right, from its URL or else from its cookies.
///
/// Source: CloudFront, "Use signed URLs", "Use signed cookies".
public struct SignatureParameters: Sendable, Equatable {
    public enum Algorithm: String, Sendable {
        case sha1 = "SHA1"
        case sha256 = "SHA256"
    }

    /// nil: absent. All as they were sent.
    public var keyID: String?
    public var signature: String?
    public var expires: String?
    public var policy: String?
    public var hashAlgorithm: String?

    /// Nothing.
    public init() {}

    public var isEmpty: Bool { self == SignatureParameters() }

    /// Once the URL has any of them, cookies are not looked at.
    public init(_ head: borrowing RequestHead, bytes: RawSpan) {
        self.init(query: bytes.extracting(head.query.range))
        if isEmpty { readCookies(head, bytes) }
    }

    /// From a URL's query; where a name comes twice, the first counts.
    public init(query: RawSpan) {
        var walk = QueryParameters()
        while let parameter = walk.next(in: query) {
            let name = query.extracting(parameter.name)
            guard SignatureNames.hasParameter(name) else { continue }
            set(name, query.extracting(parameter.value))
        }
    }

    private mutating func readCookies(_ head: borrowing RequestHead, _ bytes: RawSpan) {
        let cookies = SelectedCookies(
            head, bytes: bytes, NameSelection(.list, ["CloudFront-*"], hasWildcards: true),
            dropsSignature: false)
        for index in 0..<cookies.count {
            let (name, value) = cookies[index]
            let text = bytes.extracting(name.range)
            guard SignatureNames.hasCookie(text) else { continue }
            set(text.extracting(11..<text.byteCount), bytes.extracting(value.range))
        }
    }

    private mutating func set(_ name: RawSpan, _ value: RawSpan) {
        let text = unsafe value.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        switch name.byteCount {
        case 6: policy = policy ?? text
        case 7: expires = expires ?? text
        case 9: signature = signature ?? text
        case 11: keyID = keyID ?? text
        default: hashAlgorithm = hashAlgorithm ?? text
        }
    }

    /// SHA-1 where nothing is said; nil for one that CloudFront does not know.
    public var algorithm: Algorithm? {
        hashAlgorithm.map { Algorithm(rawValue: $0) } ?? .sha1
    }
}
