import CloudFront

// What the API answers of objects that it only shows: policies, public keys, key groups.
extension CloudFrontAPI {
    /// Get and Get...Config of one of them.
    ///
    /// - Parameters:
    ///   - root: its kind, such as `CachePolicy`.
    ///   - whole: the object, with its configuration.
    ///   - part: what stands behind its id in the path; nil: nothing does.
    func named(
        _ root: String, _ whole: ConfigNode, _ config: ConfigNode, version: String,
        _ part: String?, _ request: APIRequest
    ) throws(APIError) -> Answer {
        switch part {
        case nil: return Answer(200, APIDocument(root: root, whole), version: version)
        case "config":
            return Answer(200, APIDocument(root: "\(root)Config", config), version: version)
        default: throw unknown(request)
        }
    }

    /// A page of them. Unlike other lists these have no Marker and no IsTruncated.
    func list<Item>(_ root: String, _ page: Page<Item>, _ summary: (Item) -> ConfigNode) -> Answer {
        let summaries = page.items.map(summary)
        return Answer(
            200,
            APIDocument(
                root: "\(root)List",
                .map([
                    "NextMarker": page.nextMarker.map { .text($0) },
                    "MaxItems": .text(page.itemsMax), "Quantity": .text(summaries.count),
                    "Items": ConfigNode(.list(summaries)),
                ])))
    }
}
