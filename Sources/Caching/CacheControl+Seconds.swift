import HTTP

// The directives as the policy asks about them: nil where nothing was said.
extension CacheControl {
    var noStore: Bool { contains(.noStore) }
    /// Without field names.
    var noCache: Bool { contains(.noCache) }
    /// Without field names.
    var isPrivate: Bool { contains(.private) }
    var isPublic: Bool { contains(.public) }
    var mustRevalidate: Bool { contains(.mustRevalidate) }
    var proxyRevalidate: Bool { contains(.proxyRevalidate) }
    var mustUnderstand: Bool { contains(.mustUnderstand) }
    var onlyIfCached: Bool { contains(.onlyIfCached) }

    var maxAgeSeconds: Int64? { contains(.hasMaxAge) ? maxAge : nil }
    var sMaxAgeSeconds: Int64? { contains(.hasSMaxAge) ? sMaxAge : nil }
    var minFreshSeconds: Int64? { contains(.hasMinFresh) ? minFresh : nil }
    var maxStaleSeconds: Int64? { contains(.hasMaxStale) ? maxStale : nil }
    var staleIfErrorSeconds: Int64? { contains(.hasStaleIfError) ? staleIfError : nil }
    var staleWhileRevalidateSeconds: Int64? {
        contains(.hasStaleWhileRevalidate) ? staleWhileRevalidate : nil
    }
}
