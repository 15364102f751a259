extension AdminClient {
    /// Makes the stored tiles of a layer stale. Returns a line for people, when that is in force on
    /// all loops and on disk.
    ///
    /// - Parameters:
    ///   - layer: `WORKSPACE:NAME`; without a workspace, those of that name in any.
    ///   - options: which of its tiles, as `/truncate` takes it: `bbox`, `zoom`, `time`, `style`;
    ///     nil: any.
    public func truncate(
        _ layer: String, _ options: KeyValuePairs<String, String?>
    ) throws(AdminClientError) -> String {
        let parameters =
            [("layer", layer)] + options.compactMap { name, value in value.map { (name, $0) } }
        let query = parameters.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
        let answer = try exchange("POST", "/truncate?\(query)", within: .seconds(60))
        let text = String(decoding: answer.body, as: UTF8.self)
        switch answer.status {
        case 200: return text.split(separator: "\n").first.map(String.init) ?? ""
        case 400, 403, 503:
            throw AdminClientError(
                text.split(separator: "\n").first.map(String.init) ?? "?",
                isUsage: answer.status == 400)
        default: throw unexpected(answer)
        }
    }
}
