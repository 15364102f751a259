public import Caching

/// MinTTL, DefaultTTL and MaxTTL of a cache policy or of a behavior with ForwardedValues, seconds.
///
/// Source: CloudFront, "Managing how long content stays in the cache".
public struct TTLBounds: Sendable, Equatable {
    public var minTTL: Int64
    public var defaultTTL: Int64
    public var maxTTL: Int64

    /// A day: what DefaultTTL is when it is absent.
    public static var standardDefault: Int64 { 86_400 }
    /// A year of 365 days: what MaxTTL is when it is absent.
    public static var standardMax: Int64 { 31_536_000 }

    /// What is absent gets CloudFront's default, or the bound below it where that is higher.
    public init(minTTL: Int64, defaultTTL: Int64? = nil, maxTTL: Int64? = nil) {
        self.minTTL = minTTL
        let middle = defaultTTL ?? max(Self.standardDefault, minTTL)
        self.defaultTTL = middle
        self.maxTTL = maxTTL ?? max(Self.standardMax, minTTL, middle)
    }

    /// Nothing is stored, not even an error; requests do not wait for each other.
    public var disablesCaching: Bool { minTTL == 0 && defaultTTL == 0 && maxTTL == 0 }

    public var isOrdered: Bool { minTTL <= defaultTTL && defaultTTL <= maxTTL }

    /// CloudFront without additions, under these bounds.
    public var policy: BehaviorPolicy {
        var policy = BehaviorPolicy.cloudFrontPure
        policy.minTTL = .seconds(minTTL)
        policy.defaultTTL = .seconds(defaultTTL)
        policy.maxTTL = .seconds(maxTTL)
        return policy
    }
}

extension TTLBounds {
    /// Reads the three members; MinTTL must be there if `isRequired`.
    static func read(_ fields: inout ConfigFields, isRequired: Bool) -> TTLBounds {
        let any = 0...Int64.max / 2_000
        if isRequired, fields.member("MinTTL") == nil { fields.reportMissing("MinTTL") }
        let least = fields.number("MinTTL", in: any) ?? 0
        let usual = fields.number("DefaultTTL", in: any)
        let most = fields.number("MaxTTL", in: any)
        let bounds = TTLBounds(minTTL: least, defaultTTL: usual, maxTTL: most)
        if !bounds.isOrdered {
            let member =
                ["MaxTTL", "DefaultTTL"].first { fields.member($0) != nil } ?? "MinTTL"
            fields.log.error(
                fields.place(member),
                "MinTTL \(bounds.minTTL), DefaultTTL \(bounds.defaultTTL) and MaxTTL "
                    + "\(bounds.maxTTL) are not in order",
                "make MinTTL <= DefaultTTL <= MaxTTL", code: .invalidTTLOrder)
        }
        return bounds
    }
}
