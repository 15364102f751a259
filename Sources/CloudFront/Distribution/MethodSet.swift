public import HTTP

/// The methods that a behavior lets pass, or those whose answers it stores.
public enum MethodSet: Sendable, Equatable {
    case getHead
    case getHeadOptions
    /// GET, HEAD, OPTIONS, PUT, POST, PATCH and DELETE.
    case all

    private static let names: [(MethodSet, Set<String>)] = [
        (.getHead, ["GET", "HEAD"]),
        (.getHeadOptions, ["GET", "HEAD", "OPTIONS"]),
        (.all, ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]),
    ]

    /// nil when CloudFront has no such set.
    public init?(names: [String]) {
        guard names.count == Set(names).count,
            let found = Self.names.first(where: { $0.1 == Set(names) })
        else { return nil }
        self = found.0
    }

    public func contains(_ method: Method) -> Bool {
        switch method {
        case .get, .head: true
        case .options: self != .getHead
        case .put, .post, .patch, .delete: self == .all
        case .connect, .trace, .otherSafe, .other: false
        }
    }
}
