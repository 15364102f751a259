public import Caching

/// How long the errors of a distribution are stored, and what viewers see in their place.
///
/// Which statuses are stored at all is `storability`'s verdict; this is its `errorTTL`. Source:
/// CloudFront, "Controlling how long CloudFront caches errors".
public struct ErrorCaching: Sendable, Equatable {
    private var responses: [CustomErrorResponse]

    public init(_ responses: [CustomErrorResponse]) { self.responses = responses }

    /// ErrorCachingMinTTL of the status: the entry's own, or 10 s. An S3 origin's errors are kept
    /// for a second at least.
    public func minTTL(_ status: Int, isS3: Bool) -> Milliseconds {
        let seconds = response(status)?.errorCachingMinTTL ?? CustomErrorResponse.standardMinTTL
        return .seconds(isS3 ? max(1, seconds) : seconds)
    }

    /// The page shown for the status; nil: the error itself.
    ///
    /// The caller has looked for a usable stale response first: that one wins. A behavior with
    /// caching disabled still shows the page, and stores neither.
    public func page(for status: Int) -> CustomErrorResponse.Page? { response(status)?.page }

    private func response(_ status: Int) -> CustomErrorResponse? {
        for response in responses where response.errorCode == status { return response }
        return nil
    }

    /// Whether the connection is closed behind a custom page shown for the status.
    public static func closesConnection(_ status: Int) -> Bool {
        switch status {
        case 400, 405, 414, 416, 500, 501: true
        default: false
        }
    }
}
