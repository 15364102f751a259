/// The smallest documents that CloudFront takes, and parts to put into them.
enum Documents {
    static let behavior = """
        "TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"
        """

    static let origin = """
        {"Id": "maps", "DomainName": "maps.example.org", "CustomOriginConfig":
          {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}}
        """

    /// `more` are further members, each with a comma before it; `behavior` replaces the default
    /// behavior's members.
    static func distribution(
        _ more: String = "", behavior: String = behavior, origin: String = origin
    ) -> String {
        """
        {"CallerReference": "r1", "Comment": "", "Enabled": true,
         "Origins": {"Quantity": 1, "Items": [\(origin)]},
         "DefaultCacheBehavior": {\(behavior)}
         \(more)}
        """
    }

    static func cachePolicy(
        ttl: String = #""MinTTL": 0, "DefaultTTL": 60, "MaxTTL": 600"#, gzip: Bool = false,
        headers: String = #"{"HeaderBehavior": "none"}"#,
        cookies: String = #"{"CookieBehavior": "none"}"#,
        query: String = #"{"QueryStringBehavior": "none"}"#
    ) -> String {
        """
        {"CachePolicy": {"Id": "p1", "CachePolicyConfig": {"Name": "n", \(ttl),
          "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": \(gzip), "HeadersConfig": \(headers),
            "CookiesConfig": \(cookies), "QueryStringsConfig": \(query)}}}}
        """
    }

    /// `{"Quantity": n, "Items": [...]}`.
    static func list(_ items: String...) -> String {
        let texts = items.map { "\"\($0)\"" }.joined(separator: ", ")
        return "{\"Quantity\": \(items.count), \"Items\": [\(texts)]}"
    }
}
