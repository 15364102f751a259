import Caching
import CloudFront
import HTTP

/// Finds session cookies by name; allocates nothing.
enum SessionCookies {
    /// Whether a Cookie line may carry one of the names.
    ///
    /// Servers part a line in different ways (RFC 6265 by `;`, old servlet containers by `,` and
    /// blanks, too), and take white space for nothing. Whatever any of them could read as such a
    /// cookie is one: the request is then its viewer's own, at worst without need.
    ///
    /// - Parameter names: each followed by a zero byte; case-sensitive (RFC 6265 §5.4).
    static func match(_ names: RawSpan, _ cookies: RawSpan) -> Bool {
        var start = 0
        while start < cookies.byteCount {
            while start < cookies.byteCount, parts(cookies.byte(start)) { start += 1 }
            var end = start
            while end < cookies.byteCount, cookies.byte(end) != UInt8(ascii: "="),
                !parts(cookies.byte(end))
            {
                end += 1
            }
            if end > start, contains(names, cookies.extracting(start..<end)) { return true }
            while end < cookies.byteCount, !parts(cookies.byte(end)) { end += 1 }
            start = end
        }
        return false
    }

    private static func parts(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") || byte == 32 || byte == 9
    }

    private static func contains(_ names: RawSpan, _ name: RawSpan) -> Bool {
        var start = 0
        while start < names.byteCount {
            var end = start
            while names.byte(end) != 0 { end += 1 }
            if end - start == name.byteCount, isSame(names, from: start, name) { return true }
            start = end + 1
        }
        return false
    }

    private static func isSame(_ names: RawSpan, from start: Int, _ name: RawSpan) -> Bool {
        for offset in 0..<name.byteCount where names.byte(start + offset) != name.byte(offset) {
            return false
        }
        return true
    }
}

extension Exchange {
    /// What map servers answer to a request that is in a key is the same for all only if they see
    /// nobody's cookies: a session may have a name that nobody has listed. Where a policy has
    /// cookies in the key the policies say what origins see.
    func hideCookies(_ conditions: inout OriginRequest.Conditions) {
        guard policy.judgesCookies, conditions.cookies == nil, head.method.isSafe else { return }
        switch policy.mapClass {
        case .features, .capabilities: break
        case .tiles where map?.isCanonical == true || map?.isImage == true: break
        default: return
        }
        if let imported, imported.behavior.key.cookies.mode != .none { return }
        conditions.cookies = []
    }
}
