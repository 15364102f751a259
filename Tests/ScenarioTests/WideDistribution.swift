/// How a scenario begins whose distribution keeps for a minute what does not say how long.
///
/// - Parameter members: of the distribution, as YAML in one line each.
func wideDistribution(_ members: String...) -> String {
    """
    distribution:
      DefaultCacheBehavior: { CachePolicyId: Wide }
    \(members.map { "  \($0)" }.joined(separator: "\n"))
    policies:
      - CachePolicyConfig: { Name: Wide, MinTTL: 0, DefaultTTL: 60, MaxTTL: 3600 }

    """
}

/// CustomErrorResponses of a page for 404, told as another status.
func sorryPage(as status: Int) -> String {
    "CustomErrorResponses: [{ ErrorCode: 404, ResponsePagePath: /sorry.html, "
        + "ResponseCode: \"\(status)\", ErrorCachingMinTTL: 10 }]"
}
