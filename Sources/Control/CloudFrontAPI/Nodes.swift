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
}
