/// Which header fields a key may have.
///
/// Source: CloudFront, "Understand cache policies" and "Selecting the headers to base caching on".
enum KeyFieldRules {
    static func isForbidden(_ name: String) -> Bool {
        let names: Set = [
            "cookie", "connection", "proxy-authorization", "te", "upgrade",
            "cloudfront-viewer-address", "cloudfront-viewer-asn",
            "cloudfront-viewer-ja3-fingerprint", "cloudfront-viewer-ja4-fingerprint",
            "cloudfront-viewer-tls",
        ]
        return names.contains(name.lowercased())
    }
}
