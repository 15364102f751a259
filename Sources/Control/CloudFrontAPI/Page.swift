import CloudFront

/// One page of a list: what `Marker` and `MaxItems` select.
struct Page<Item> {
    var items: [Item]
    var marker: String
    var itemsMax: Int
    /// The id of the page's last item; nil on the last page.
    var nextMarker: String?

    /// - Throws: `InvalidArgument`, if `MaxItems` is no number from 1 up or `Marker` no item's id.
    ///   More than `limit`, which also is how many there are when nobody says, mean that many.
    init(
        of items: [Item], _ request: APIRequest, limit: Int, id: (Item) -> String
    ) throws(APIError) {
        let marker = request.parameter("Marker") ?? ""
        let asked = request.parameter("MaxItems") ?? "\(limit)"
        guard let number = Int(asked), number >= 1 else {
            throw .invalidArgument("MaxItems is not a number from 1 to \(limit).")
        }
        itemsMax = min(number, limit)
        var rest = items[...]
        if !marker.isEmpty {
            guard let last = items.firstIndex(where: { id($0) == marker }) else {
                throw .invalidArgument("The Marker names no item of the list.")
            }
            rest = items[(last + 1)...]
        }
        let page = Array(rest.prefix(itemsMax))
        self.items = page
        self.marker = marker
        nextMarker = rest.count > page.count ? page.last.map(id) : nil
    }
}
