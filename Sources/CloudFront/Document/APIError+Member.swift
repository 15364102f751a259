extension APIError.Code {
    /// What the API answers to a value that is wrong at `path`, such as
    /// `CustomErrorResponses.Items[0].ErrorCode`.
    ///
    /// Source: CloudFront API Reference, "Errors" of UpdateDistribution: some members of a
    /// distribution have a code of their own, and all others share InvalidArgument.
    init(wrongAt path: String) {
        let names = path.split(separator: ".").map { $0.prefix { $0 != "[" } }
        if names.contains("GeoRestriction") {
            self = names.last == "Items" ? .invalidLocationCode : .invalidGeoRestrictionParameter
            return
        }
        self =
            switch names.last {
            case "Cookies", "Forward", "WhitelistedNames": .invalidForwardCookies
            case "DefaultRootObject": .invalidDefaultRootObject
            case "ErrorCode": .invalidErrorCode
            case "MinimumProtocolVersion": .invalidMinimumProtocolVersion
            case "OriginKeepaliveTimeout": .invalidOriginKeepaliveTimeout
            case "OriginPath", "ResponsePagePath": .invalidRelativePath
            case "OriginReadTimeout": .invalidOriginReadTimeout
            case "QueryStringCacheKeys": .invalidQueryStringParameters
            case "ResponseCode": .invalidResponseCode
            default: .invalidArgument
            }
    }
}
