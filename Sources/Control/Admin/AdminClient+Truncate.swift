extension AdminClient {
    /// Makes the stored tiles of a layer stale. Returns a line for people, when that is in force on
    /// all loops and on disk.
    ///
    /// - Parameters:
    ///   - layer: `WORKSPACE:NAME`; without a workspace, those of that name in any.
    ///   - box: `WEST,SOUTH,EAST,NORTH` in degrees; nil: everywhere.
    public func truncate(_ layer: String, box: String?) throws(AdminClientError) -> String {
        let parameters = [("layer", layer)] + (box.map { [("bbox", $0)] } ?? [])
        let query = parameters.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
        let answer = try exchange("POST", "/truncate?\(query)", within: .seconds(60))
        let text = String(decoding: answer.body, as: UTF8.self)
        switch answer.status {
        case 200: return text.split(separator: "\n").first.map(String.init) ?? ""
        case 400, 403, 503:
            throw AdminClientError(text.split(separator: "\n").first.map(String.init) ?? "?")
        default: throw unexpected(answer)
        }
    }
}
