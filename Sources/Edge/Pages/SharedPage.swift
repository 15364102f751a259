import Caching
import HTTP

/// What of a viewer's fields does not reach the origin of a page that others may get, too: what
/// pages are known to depend on, and what no key has.
///
/// Else whoever asks first decides what all others see: an API answers XML where it is asked for
/// that, a page has a link back to where its reader came from. CloudFront takes `Accept`,
/// `Accept-Charset` and `Referer` away unless a policy names them ("Request and response behavior
/// for custom origins"); in mode rfc9111 the origin's `Vary` tells apart by the first two.
struct SharedPage {
    /// A script asks, which is in the key, and which the origin is told in the edge's own words.
    var isForScript: Bool
    var mode: Mode

    func hides(_ field: KnownField, _ name: RawSpan) -> Bool {
        switch field {
        case .referer, .xRequestedWith: true
        case .accept: mode == .cloudfront
        case .other: mode == .cloudfront && equalsIgnoringCase(name, "accept-charset")
        default: false
        }
    }
}
