/// Whom the edge asks of AWS, and as whom.
public struct AWSSettings: Sendable, Equatable {
    /// nil: `AWS_REGION`, `AWS_DEFAULT_REGION`, or the instance's own.
    public var region: String?
    /// Of the shared credentials file; nil: as AWS's own tools choose.
    public var profile: String?
    /// A URL that is asked in place of AWS; nil: `AWS_ENDPOINT_URL_…`, or AWS.
    public var endpoint: String?

    public init() {}
}

/// A service by its three names and its version.
struct AWSService: Sendable, Equatable {
    /// In signatures.
    var name: String
    /// In host names.
    var host: String
    /// In `AWS_ENDPOINT_URL_…`.
    var variable: String
    var version: String
    /// One host for all regions.
    var isGlobal = false

    static let autoScaling = AWSService(
        name: "autoscaling", host: "autoscaling", variable: "AUTO_SCALING", version: "2011-01-01")
    static let ec2 = AWSService(
        name: "ec2", host: "ec2", variable: "EC2", version: "2016-11-15")
    static let cloudWatch = AWSService(
        name: "monitoring", host: "monitoring", variable: "CLOUDWATCH", version: "2010-08-01")
    static let cloudFront = AWSService(
        name: "cloudfront", host: "cloudfront", variable: "CLOUDFRONT", version: "2020-05-31",
        isGlobal: true)

    /// Where it is asked.
    ///
    /// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
    func endpoint(_ settings: AWSSettings, _ environment: [String: String], region: String)
        -> String
    {
        let isIgnored = environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() == "true"
        func named(_ variable: String) -> String? {
            isIgnored ? nil : environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        }
        let isChina = region.hasPrefix("cn-")
        let suffix = isChina ? "amazonaws.com.cn" : "amazonaws.com"
        let place = isGlobal && !isChina ? host : "\(host).\(region)"
        return settings.endpoint ?? named("AWS_ENDPOINT_URL_\(variable)")
            ?? named("AWS_ENDPOINT_URL") ?? "https://\(place).\(suffix)"
    }
}

/// When a call is tried again. Pure.
///
/// Source: AWS SDKs and Tools Reference Guide, "Retry behavior": exponential, with full jitter.
struct AWSRetry: Sendable {
    /// Calls in all.
    static let attemptsMax = 3
    static let delayMax = 20_000.0

    /// Milliseconds before the next attempt; nil: there is none.
    ///
    /// - Parameters:
    ///   - attempt: how many were made, from 1.
    ///   - dice: 0 to 1.
    static func delay(after error: AWSError, attempt: Int, dice: Double) -> Double? {
        guard attempt < attemptsMax else { return nil }
        switch error.kind {
        case .refused: return nil
        case .expired: return 0
        case .unavailable: return dice * min(delayMax, 250 * Double(1 << attempt))
        case .throttled: return dice * min(delayMax, 1_000 * Double(1 << attempt))
        }
    }
}
