/// An item of a list and where it stands.
struct ConfigItem {
    var node: ConfigNode
    var path: String

    var place: ConfigPlace { ConfigPlace(node, path) }

    /// The item as a map.
    func fields(_ log: FindingLog) -> ConfigFields { ConfigFields(node, path, log) }
}

// CloudFront's lists: `{"Quantity": n, "Items": [...]}`.
extension ConfigFields {
    /// The items under `key`; empty when there is no such member.
    mutating func items(_ key: String) -> [ConfigItem] {
        guard var list = map(key) else { return [] }
        let items = list.items()
        list.finish()
        return items
    }

    /// The items of this map, whose Quantity must be their number.
    mutating func items() -> [ConfigItem] {
        let items = listedItems()
        guard let stated = number("Quantity", in: 0...Int64.max) else {
            if member("Quantity") == nil { reportMissing("Quantity") }
            return items
        }
        if stated != items.count {
            log.error(
                place("Quantity"), "Quantity is \(stated) and Items has \(items.count)",
                "make Quantity \(items.count)", code: .inconsistentQuantities)
        }
        return items
    }

    private mutating func listedItems() -> [ConfigItem] {
        guard let found = member("Items"), found.content != .scalar("") else { return [] }
        let nodes: [ConfigNode]
        switch found.content {
        case .list(let list): nodes = list
        // In XML each item is an element of its own name.
        case .map(let members): nodes = members.map { $0.value }
        case .null, .scalar:
            log.error(place("Items"), "a list was expected", "write the items in brackets")
            return []
        }
        let base = place("Items").path
        return nodes.enumerated().map { ConfigItem(node: $1, path: "\(base)[\($0)]") }
    }

    /// The items under `key` as texts; what is no text is reported.
    mutating func texts(_ key: String) -> [String] {
        items(key).compactMap { text(of: $0) }
    }

    /// The items of this map as texts.
    mutating func texts() -> [String] {
        items().compactMap { text(of: $0) }
    }

    func text(of item: ConfigItem) -> String? {
        if case .scalar(let text) = item.node.content { return text }
        log.error(item.place, "a text was expected", "write one value in quotes")
        return nil
    }

    /// Names of header fields; one that is none is reported.
    mutating func headerNames(_ key: String) -> [String] {
        items(key).compactMap { item in
            guard let name = text(of: item) else { return nil }
            if isHeaderName(name) { return name }
            log.error(item.place, "\"\(name)\" is no header name", "use letters, digits and -")
            return nil
        }
    }
}
