import Caching
import HTTP

/// What of a viewer's fields does not reach the origin of a page that others may get, too: what
/// pages are known to depend on, and what no key has.
///
/// Else whoever asks first decides what all others see: an API answers XML where it is asked for
/// that, a page has a link back to where its reader came from, or a banner for an old browser.
/// CloudFront takes `Accept`, `Accept-Charset` and `Referer` away unless a policy names them, and
/// sends a `User-Agent` of its own ("Request and response behavior for custom origins"); in mode
/// rfc9111 the origin's `Vary` tells apart by all but `Referer`.
struct SharedPage {
    /// A script asks, which is in the key, and which the origin is told in the edge's own words.
    var isForScript: Bool
    var mode: Mode

    /// The `User-Agent` in place of its viewers'; nil: it is theirs.
    var agent: [UInt8]? { mode == .cloudfront ? Self.agentOfCloudFront : nil }

    static let agentOfCloudFront = Array("Amazon CloudFront".utf8)

    func hides(_ field: KnownField, _ name: RawSpan) -> Bool {
        switch field {
        case .referer, .xRequestedWith: true
        case .accept, .userAgent: mode == .cloudfront
        case .other: mode == .cloudfront && equalsIgnoringCase(name, "accept-charset")
        default: false
        }
    }
}
