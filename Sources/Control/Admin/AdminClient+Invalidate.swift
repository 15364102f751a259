import CloudFront
import HTTP
import Reactor

extension AdminClient {
    /// Asks the control API as any client of CloudFront does. Returns a line for people, when what
    /// the paths name is stale on all loops and that is on disk, and one more for each path that
    /// clears less than it seems to say.
    ///
    /// - Parameter isSoft: it may still be confirmed, and served where something stale may.
    public func invalidate(
        _ paths: [String], isSoft: Bool = false
    ) throws(AdminClientError) -> String {
        let query = isSoft ? "Advice=true&Soft=true" : "Advice=true"
        let made = try create(paths, query, root: "Invalidation")
        let (number, status) = (made.text("Id") ?? "?", made.text("Status") ?? "?")
        let kind = isSoft ? "soft, " : ""
        return "\(number) \(status): \(kind)\(paths.count) \(paths.count == 1 ? "path" : "paths")"
            + advice(made)
    }

    /// Counts what the paths name, and changes nothing. Returns lines for people, as above.
    public func countInvalidated(_ paths: [String]) throws(AdminClientError) -> String {
        let found = try create(paths, "Advice=true&DryRun=true", root: "InvalidationEstimate")
        let entries = found.text("Entries") ?? "?"
        let bytes = bytesText(found.text("Bytes").flatMap { UInt64($0) } ?? 0)
        let isComplete = found.text("IsComplete") == "true"
        let noun = entries == "1" ? "entry" : "entries"
        return "\(isComplete ? "" : "at least ")\(entries) stored \(noun), "
            + "bodies of \(bytes); nothing was invalidated" + advice(found)
    }

    private func advice(_ answer: ConfigNode) -> String {
        (answer["Advice"]?.items ?? []).compactMap(\.scalar).map { "\n" + $0 }.joined()
    }

    private func create(
        _ paths: [String], _ query: String, root: String
    ) throws(AdminClientError) -> ConfigNode {
        let base = CloudFrontAPI.pathPrefix + "/distribution"
        let list = try ask(.get, base, root: "DistributionList")
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
        return try ask(
            .post, base + "/\(id)/invalidation", query, Array(batch.xml.utf8), root: root)
    }

    private func ask(
        _ method: HTTP.Method, _ path: String, _ query: String = "", _ body: [UInt8] = [],
        root: String
    ) throws(AdminClientError) -> ConfigNode {
        let target = query.isEmpty ? path : "\(path)?\(query)"
        let answer = try exchange(
            method == .get ? "GET" : "POST", target, headers: signature(method, path, query, body),
            body: body, within: .seconds(60))
        guard
            let document = unsafe try? APIDocument(
                parsing: answer.body.span.bytes, limits: APIDocument.limits)
        else {
            if answer.status == 404 {
                throw AdminClientError(
                    "the edge offers no control API; set \"api: { enabled: true }\" and reload it")
            }
            throw unexpected(answer)
        }
        if document.root == root { return document.node }
        let error = document.node["Error"]
        let (code, message) = (error?.text("Code"), error?.text("Message"))
        throw AdminClientError(
            "\(code ?? document.root): \(message ?? "no reason given")",
            isUsage: code == "InvalidArgument")
    }

    private func signature(
        _ method: HTTP.Method, _ path: String, _ query: String, _ body: [UInt8]
    ) -> [(name: String, value: String)] {
        guard let credential else { return [] }
        let request = APIRequest(
            id: "", method: method, path: path, query: query, headers: [("Host", Self.host)],
            body: body)
        let signed = try? request.signed(by: credential, now: WallClock.system.now)
        return Array(signed?.headers.dropFirst() ?? [])
    }
}
