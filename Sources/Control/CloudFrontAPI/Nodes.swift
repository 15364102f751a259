import CloudFront

// Short spellings for the documents that the API answers with.
extension ConfigNode {
    static func text(_ text: some CustomStringConvertible) -> ConfigNode {
        ConfigNode(.scalar("\(text)"))
    }

    static func map(_ members: KeyValuePairs<String, ConfigNode?>) -> ConfigNode {
        ConfigNode(
            .map(members.compactMap { pair in pair.value.map { Member(pair.key, $0) } }))
    }

    /// `{"Quantity": n, "Items": [...]}`
    static func quantity(_ items: [ConfigNode] = []) -> ConfigNode {
        .map(["Quantity": .text(items.count), "Items": ConfigNode(.list(items))])
    }

    /// The text of a member; nil where there is none.
    func text(_ key: String) -> String? {
        guard case .scalar(let text) = self[key]?.content else { return nil }
        return text
    }

    /// The items of a list in the form of CloudFront; nil where `Quantity` is not their number.
    var items: [ConfigNode]? {
        guard let quantity = text("Quantity").flatMap({ Int($0) }) else { return nil }
        let items = self["Items"]?.list ?? []
        return items.count == quantity ? items : nil
    }

    /// The items of a list; nil for anything else.
    var list: [ConfigNode]? {
        guard case .list(let items) = content else { return nil }
        return items
    }

    /// What a scalar says; nil for anything else.
    var scalar: String? {
        guard case .scalar(let text) = content else { return nil }
        return text
    }
}
