import CloudFront

/// A distribution or policy as a scenario writes it, completed to what CloudFront's documents have:
/// required members that the case does not care about, and Quantity beside every list.
enum DistributionShorthand {
    /// A whole export is left as it is.
    static func complete(_ node: ConfigNode) -> ConfigNode {
        if node["DistributionConfig"] != nil || node["Distribution"] != nil { return node }
        var config = counted(node)
        config.fill("CallerReference", text("scenario"))
        config.fill("Comment", text(""))
        config.fill("Enabled", text("true"))
        config.fill("Origins", list([map([("Id", text("default"))])]))
        config.change("Origins") { $0.changeItems(complete(origin:)) }
        let first = config["Origins"]?["Items"]?.list?.first?.text("Id") ?? ""
        let behavior = { (node: ConfigNode) in complete(behavior: node, target: first) }
        config.change("DefaultCacheBehavior") { $0 = behavior($0) }
        config.change("CacheBehaviors") { $0.changeItems(behavior) }
        return config
    }

    /// A policy without an id is named by its Name.
    static func complete(policy node: ConfigNode) -> ConfigNode {
        let kinds = ["CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy"]
        guard let kind = kinds.first(where: { node["\($0)Config"] != nil }),
            var config = node["\(kind)Config"].map(counted)
        else { return node }
        let parameters = "ParametersInCacheKeyAndForwardedToOrigin"
        if kind == "OriginRequestPolicy" { fillSelections(&config) }
        config.change(parameters) { parameters in
            parameters.fill("EnableAcceptEncodingGzip", text("false"))
            fillSelections(&parameters)
        }
        let id = text(node.text("Id") ?? config.text("Name") ?? "")
        var policy = map([("Id", id), ("\(kind)Config", config)])
        (policy.line, policy.column) = (node.line, node.column)
        return map([(kind, policy)])
    }

    private static func fillSelections(_ node: inout ConfigNode) {
        for (section, behavior) in [
            ("HeadersConfig", "HeaderBehavior"), ("CookiesConfig", "CookieBehavior"),
            ("QueryStringsConfig", "QueryStringBehavior"),
        ] { node.fill(section, map([(behavior, text("none"))])) }
    }

    private static func complete(origin node: ConfigNode) -> ConfigNode {
        var origin = node
        origin.fill("DomainName", text("\((node.text("Id") ?? "").lowercased()).test"))
        let isOther = node["S3OriginConfig"] != nil || node["VpcOriginConfig"] != nil
        if isOther { return origin }
        origin.fill("CustomOriginConfig", map([]))
        origin.change("CustomOriginConfig") { config in
            config.fill("HTTPPort", text("80"))
            config.fill("HTTPSPort", text("443"))
            config.fill("OriginProtocolPolicy", text("http-only"))
        }
        return origin
    }

    private static func complete(behavior node: ConfigNode, target: String) -> ConfigNode {
        var behavior = node
        behavior.fill("TargetOriginId", text(target))
        behavior.fill("ViewerProtocolPolicy", text("allow-all"))
        behavior.change("TrustedKeyGroups") { $0.fill("Enabled", text("true")) }
        behavior.change("ForwardedValues") { values in
            values.fill("QueryString", text("false"))
            values.fill("Cookies", map([("Forward", text("none"))]))
        }
        // Managed policies may be called by their names.
        for (key, named) in [
            ("CachePolicyId", ManagedPolicies.cache.map { ($0.id, $0.name) }),
            ("OriginRequestPolicyId", ManagedPolicies.originRequest.map { ($0.id, $0.name) }),
            ("ResponseHeadersPolicyId", ManagedPolicies.responseHeaders.map { ($0.id, $0.name) }),
        ] {
            behavior.change(key) { node in
                guard case .scalar(let name) = node.content,
                    let id = named.first(where: { $0.1 == "Managed-\(name)" })?.0
                else { return }
                node.content = .scalar(id)
            }
        }
        return behavior
    }

    /// Every list with its Quantity, at any depth.
    private static func counted(_ node: ConfigNode) -> ConfigNode {
        guard case .map(let members) = node.content else { return node }
        var result = node
        result.content = .map(
            members.map { member in
                guard case .list(let items) = member.value.content else {
                    return ConfigNode.Member(member.key, counted(member.value))
                }
                var value = member.value
                let nodes = items.map(counted)
                value.content =
                    member.key == "Items" ? .list(nodes) : list(nodes).content
                return ConfigNode.Member(member.key, value)
            })
        if let items = result["Items"]?.list { result.fill("Quantity", text("\(items.count)")) }
        return result
    }

    private static func text(_ text: String) -> ConfigNode { ConfigNode(.scalar(text)) }

    private static func map(_ members: [(String, ConfigNode)]) -> ConfigNode {
        ConfigNode(.map(members.map { ConfigNode.Member($0.0, $0.1) }))
    }

    private static func list(_ items: [ConfigNode]) -> ConfigNode {
        map([("Quantity", text("\(items.count)")), ("Items", ConfigNode(.list(items)))])
    }
}

extension ConfigNode {
    /// Adds a member that is not there.
    fileprivate mutating func fill(_ key: String, _ value: ConfigNode) {
        guard case .map(var members) = content, self[key] == nil else { return }
        var value = value
        (value.line, value.column) = (line, column)
        members.append(Member(key, value))
        content = .map(members)
    }

    /// Changes a member that is there.
    fileprivate mutating func change(_ key: String, _ change: (inout ConfigNode) -> Void) {
        guard case .map(var members) = content,
            let index = members.firstIndex(where: { $0.key == key })
        else { return }
        change(&members[index].value)
        content = .map(members)
    }

    fileprivate mutating func changeItems(_ complete: (ConfigNode) -> ConfigNode) {
        change("Items") { node in
            if case .list(let items) = node.content { node.content = .list(items.map(complete)) }
        }
    }
}
