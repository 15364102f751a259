import Caching
import HTTP

/// The Resource of a custom policy, matched part by part so that a star in the domain cannot
/// reach into the path.
///
/// Source: CloudFront, "Resource" under "Values that you specify in the policy statement".
struct SignedResource {
    private var scheme: ArraySlice<UInt8>
    private var domain: ArraySlice<UInt8>
    private var path: ArraySlice<UInt8>
    /// nil: the text has no `?` that begins a query.
    private var query: ArraySlice<UInt8>?

    /// In a pattern the first `?` behind the path may be a wildcard or begin the query; both are
    /// tried.
    static func matches(_ pattern: String, url: String) -> Bool {
        if pattern == "*" { return true }
        let actual = SignedResource(Array(url.utf8), queryMark: nil)
        let bytes = Array(pattern.utf8)
        // One in the scheme can only be a wildcard.
        let start = separator(bytes).map { $0 + 3 } ?? 0
        var marks = (start..<bytes.count).filter { bytes[$0] == UInt8(ascii: "?") }
        marks.append(bytes.count)
        return marks.contains { mark in
            SignedResource(bytes, queryMark: mark).matches(actual)
        }
    }

    /// `queryMark`: where the query's `?` is; nil: the first one.
    private init(_ bytes: [UInt8], queryMark: Int?) {
        var start = 0
        scheme = []
        if let colon = Self.separator(bytes) {
            scheme = bytes[..<colon]
            start = colon + 3
        }
        let end = queryMark ?? bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        query = end < bytes.count ? bytes[(end + 1)...] : nil
        let slash = bytes[start..<end].firstIndex(of: UInt8(ascii: "/")) ?? end
        domain = bytes[start..<slash]
        path = bytes[slash..<end]
    }

    /// Where the `://` behind the scheme is; one behind a slash is part of a path or query.
    private static func separator(_ bytes: [UInt8]) -> Int? {
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")), slash > 0 else { return nil }
        return bytes[(slash - 1)...].starts(with: "://".utf8) ? slash - 1 : nil
    }

    private func matches(_ url: SignedResource) -> Bool {
        if !scheme.isEmpty, !Self.match(scheme, url.scheme) { return false }
        guard Self.match(domain, url.domain) else { return false }
        // A star at the end of the domain also covers what follows.
        if path.isEmpty, query == nil, domain.last == UInt8(ascii: "*") { return true }
        if query == nil, path.last == UInt8(ascii: "*") {
            let rest = url.query.map { url.path + [UInt8(ascii: "?")] + $0 } ?? url.path
            return Self.match(path, rest)
        }
        guard Self.match(path, url.path) else { return false }
        return Self.match(query ?? [], url.query ?? []) && (query == nil) == (url.query == nil)
    }

    private static func match(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        let (pattern, text) = (Array(pattern), Array(text))
        return PathPattern.matchesWildcards(unsafe pattern.span.bytes, unsafe text.span.bytes)
    }
}
