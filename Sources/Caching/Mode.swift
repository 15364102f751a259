/// Wall-clock time in milliseconds since 1970-01-01T00:00:00Z, or a duration in milliseconds.
public typealias Milliseconds = Int64

/// Which rule book a distribution follows.
public enum Mode: UInt8, Sendable, CaseIterable {
    /// Amazon CloudFront's documented behaviour, its quirks included.
    case cloudfront
    /// RFC 9111 to the letter, as a shared cache with nothing in front of it.
    case rfc9111
}

/// Whose place the edge takes.
public enum Role: UInt8, Sendable, CaseIterable {
    /// Imitates CloudFront for whoever reproduces a fault.
    case twin
    /// Stands behind the real CloudFront and passes on only the remaining lifetime.
    case tier
}

/// What the edge knows of the resources behind a path, beyond HTTP.
public enum MapClass: UInt8, Sendable, CaseIterable {
    /// Nothing: the bare rules of the mode.
    case none
    /// Map images.
    case tiles
    /// Service descriptions (GetCapabilities and kin).
    case capabilities
    /// Answers about single features (GetFeatureInfo, WFS, WCS and kin).
    case features
    /// Pages and what they load.
    case pages

    /// The name in configuration, logs and metrics.
    public var word: StaticString {
        switch self {
        case .none: "none"
        case .tiles: "tiles"
        case .capabilities: "capabilities"
        case .features: "features"
        case .pages: "pages"
        }
    }

    /// What map servers answer, and nobody else.
    public var isMapServers: Bool {
        switch self {
        case .tiles, .capabilities, .features: true
        case .none, .pages: false
        }
    }
}

extension Milliseconds {
    /// Whole seconds as milliseconds; saturates instead of overflowing.
    @inlinable
    public static func seconds(_ seconds: Int64) -> Milliseconds {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds < 0 ? .min : .max }
        return product
    }

    /// The sum, held at the ends of the range: a far future must not turn into the past.
    @inlinable
    public func adding(_ other: Milliseconds) -> Milliseconds {
        let (sum, overflow) = addingReportingOverflow(other)
        if overflow { return other < 0 ? .min : .max }
        return sum
    }

    /// The difference, held likewise.
    @inlinable
    public func subtracting(_ other: Milliseconds) -> Milliseconds {
        let (difference, overflow) = subtractingReportingOverflow(other)
        if overflow { return other < 0 ? .max : .min }
        return difference
    }
}
