extension ConfigNode {
    /// The text of a member; nil where there is none.
    public func text(_ key: String) -> String? { self[key]?.scalar }

    /// The items of a list in the form of CloudFront; nil where `Quantity` is not their number.
    public var items: [ConfigNode]? {
        guard let quantity = text("Quantity").flatMap({ Int($0) }) else { return nil }
        let items = self["Items"]?.list ?? []
        return items.count == quantity ? items : nil
    }

    /// The items of a list; nil for anything else.
    public var list: [ConfigNode]? {
        guard case .list(let items) = content else { return nil }
        return items
    }

    /// What a scalar says; nil for anything else.
    public var scalar: String? {
        guard case .scalar(let text) = content else { return nil }
        return text
    }
}
