public import Caching
import HTTP

/// What of a viewer's request the origin gets. Source: CloudFront, "Request and response behavior
/// for custom origins"; "Understand how origin request policies and cache policies work together".
public struct Forwarding: Sendable, Equatable {
    /// Which of the viewer's fields, beside those that are named.
    public enum Base: Sendable, Equatable {
        case none
        case allViewer
        /// All viewer fields and CloudFront's own, except these.
        case allExcept(NameList)
    }

    public var queryStrings: NameSelection
    public var cookies: NameSelection
    public var base: Base
    /// Fields by name, those in the key included.
    public var headers: NameList
    /// ForwardedValues: fields of conditions, caching and custom ones pass although nobody
    /// named them.
    public var isLegacy: Bool
    /// OPTIONS is cached, so that Authorization is taken from it as well.
    public var cachesOptions: Bool
    /// The origin is an S3 bucket, of a group both are: Host and cookies never reach it.
    public var isS3: Bool
    /// Accept-Encoding is normalised.
    public var normalizesCodings: Bool
    /// Parameters and cookies of signatures stay here.
    public var dropsSignature: Bool
    /// Conditions pass although nobody named them, as the older way.
    public var passesConditions = false
    /// `Range` and the fields of a body pass only where somebody named them.
    public var passesOnlyNamed = false

    /// The same as a behavior's readings of what is not documented have it.
    public func adopting(_ policy: BehaviorPolicy) -> Forwarding {
        var forwarding = self
        forwarding.passesConditions = policy.forwardsConditions
        forwarding.passesOnlyNamed = policy.forwardsOnlyNamed
        if !policy.passesStraySignatures { forwarding.dropsSignature = true }
        return forwarding
    }

    /// Whether a viewer's field of that name is among those chosen for the origin.
    public func selects(_ name: RawSpan) -> Bool {
        if headers.contains(name) { return true }
        return switch base {
        case .none: false
        case .allViewer: true
        case .allExcept(let names): !names.contains(name)
        }
    }

    /// Whether the edge adds the CloudFront- field of that name, such as CloudFront-Viewer-Country.
    public func addsCloudFrontHeader(_ name: RawSpan) -> Bool {
        if headers.contains(name) { return true }
        if case .allExcept(let names) = base { return !names.contains(name) }
        return false
    }

    /// Whether a name in the origin's Vary goes on to the viewer; the others are dropped, because
    /// the key does not tell their values apart.
    ///
    /// Source: CloudFront, "HTTP response headers that CloudFront removes or replaces".
    public func keepsVary(_ name: RawSpan) -> Bool {
        if equalsIgnoringCase(name, "accept-encoding") || equalsIgnoringCase(name, "cookie") {
            return true
        }
        if equalsIgnoringCase(name, "user-agent"), forwardsViewerClass { return true }
        return selects(name)
    }

    /// One of CloudFront's guesses about the device, which it makes from User-Agent.
    private var forwardsViewerClass: Bool {
        let names = unsafe headers.storage.span.bytes
        for index in 0..<headers.count {
            let name = names.extracting(headers.range(index))
            if name.hasPrefixIgnoringCase("cloudfront-is-") { return true }
        }
        if case .allExcept = base { return true }
        return false
    }

    func selects(name: StaticString) -> Bool {
        let text = unsafe UnsafeRawBufferPointer(
            start: name.utf8Start, count: name.utf8CodeUnitCount)
        return selects(unsafe text.bytes)
    }

    /// Whether the origin sees the viewer's Host; else its own domain name.
    public var forwardsHost: Bool { !isS3 && selects(name: "host") }
    /// Whether the origin sees the viewer's User-Agent; else `Amazon CloudFront`.
    public var forwardsUserAgent: Bool { selects(name: "user-agent") }
    /// With cookies forwarded, stored Set-Cookie fields are served, requests do not wait for
    /// each other and expired responses are fetched whole.
    public var forwardsCookies: Bool { !isS3 && cookies.mode != .none }
}
