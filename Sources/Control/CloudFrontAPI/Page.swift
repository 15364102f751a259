import CloudFront

/// One page of a list: what `Marker` and `MaxItems` select.
struct Page<Item> {
    /// Most items of a page, and how many there are when nobody says.
    static var itemsMax: Int { 100 }

    var items: [Item]
    var marker: String
    var itemsMax: Int
    /// The id of the page's last item; nil on the last page.
    var nextMarker: String?

    /// - Throws: `InvalidArgument`, if `MaxItems` is no number from 1 up or `Marker` no item's id.
    ///   More than 100 mean 100.
    init(
        of items: [Item], _ request: APIRequest, id: (Item) -> String
    ) throws(APIError) {
        let marker = request.parameter("Marker") ?? ""
        let asked = request.parameter("MaxItems") ?? "\(Self.itemsMax)"
        guard let number = Int(asked), number >= 1 else {
            throw .invalidArgument("MaxItems is not a number from 1 to \(Self.itemsMax).")
        }
        itemsMax = min(number, Self.itemsMax)
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
