/// What is done with one error status of every origin of the distribution.
///
/// Source: CloudFront, "Generating custom error responses".
public struct CustomErrorResponse: Sendable, Equatable {
    public var place: ConfigPlace
    public var errorCode: Int
    /// The least time for which the error is stored, seconds. Default 10.
    public var errorCachingMinTTL: Int64
    /// nil: the entry only sets the time.
    public var page: Page?

    /// What viewers get instead of the error.
    public struct Page: Sendable, Equatable {
        /// Fetched like any path of the distribution.
        public var path: String
        public var responseCode: Int
    }

    /// ErrorCachingMinTTL where nothing else is said, seconds.
    public static var standardMinTTL: Int64 { 10 }

    static let errorCodes = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]

    static func read(_ item: ConfigItem, _ log: FindingLog) -> CustomErrorResponse {
        var fields = item.fields(log)
        defer { fields.finish() }
        let code = fields.requiredNumber("ErrorCode", in: 0...999)
        if !errorCodes.contains(Int(code)) {
            log.error(
                fields.place("ErrorCode"), "\(code) cannot be customized",
                "use one of \(words(errorCodes))")
        }
        let seconds = fields.number("ErrorCachingMinTTL", in: 0...Int64.max / 2_000)
        return CustomErrorResponse(
            place: fields.place, errorCode: Int(code),
            errorCachingMinTTL: seconds ?? standardMinTTL,
            page: readPage(&fields))
    }

    /// Exports write "" for what is not set.
    private static func readPage(_ fields: inout ConfigFields) -> Page? {
        let path = fields.optionalText("ResponsePagePath", limit: 4_000)
        let code = fields.optionalText("ResponseCode")
        if path.isEmpty, code.isEmpty { return nil }
        guard !path.isEmpty, !code.isEmpty else {
            let missing = path.isEmpty ? "ResponsePagePath" : "ResponseCode"
            fields.log.error(
                fields.place(missing), "\(missing) is missing beside its counterpart",
                "set ResponsePagePath and ResponseCode, or neither")
            return nil
        }
        if !path.hasPrefix("/") {
            fields.log.error(
                fields.place("ResponsePagePath"), "\"\(path)\" does not begin with /",
                "write \"/\(path)\"")
        }
        guard let status = Int(code), status == 200 || errorCodes.contains(status) else {
            fields.log.error(
                fields.place("ResponseCode"), "\(code) cannot be the answer",
                "use one of 200, \(words(errorCodes))")
            return nil
        }
        return Page(path: path, responseCode: status)
    }

    private static func words(_ codes: [Int]) -> String {
        codes.map { String($0) }.joined(separator: ", ")
    }
}
