import CloudFront

extension AdminClient {
    /// Asks the control API as any client of CloudFront does. Returns a line for people, when what
    /// the paths name is stale on all loops and that is on disk.
    public func invalidate(_ paths: [String]) throws(AdminClientError) -> String {
        let base = CloudFrontAPI.pathPrefix + "/distribution"
        let list = try ask("GET", base, [], root: "DistributionList")
        guard let id = list.items?.first?.text("Id") else {
            throw AdminClientError(
                "the edge serves no distribution over this port; its log says why")
        }
        let reference = "mapedge-\(UInt64.random(in: .min ... .max))"
        let batch = APIDocument(
            root: "InvalidationBatch",
            .map([
                "Paths": .quantity(paths.map { .text($0) }), "CallerReference": .text(reference),
            ]))
        let made = try ask(
            "POST", base + "/\(id)/invalidation", Array(batch.xml.utf8), root: "Invalidation")
        let (number, status) = (made.text("Id") ?? "?", made.text("Status") ?? "?")
        return "\(number) \(status): \(paths.count) \(paths.count == 1 ? "path" : "paths")"
    }

    private func ask(
        _ method: String, _ path: String, _ body: [UInt8], root: String
    ) throws(AdminClientError) -> ConfigNode {
        let answer = try exchange(method, path, body: body, within: .seconds(60))
        guard
            let document = try? APIDocument(
                parsing: answer.body.span.bytes, limits: APIDocument.limits)
        else { throw unexpected(answer) }
        if document.root == root { return document.node }
        let error = document.node["Error"]
        let (code, message) = (error?.text("Code"), error?.text("Message"))
        throw AdminClientError("\(code ?? document.root): \(message ?? "no reason given")")
    }
}
