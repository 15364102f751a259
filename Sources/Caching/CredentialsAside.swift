/// Credentials that a request shows and that have no part in it: it is looked up, and its origin
/// asked, as if nobody had shown any.
public struct CredentialsAside: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A session's cookie, or a token in query or path.
    public static let session = CredentialsAside(rawValue: 1)
    /// `Authorization`.
    public static let authorization = CredentialsAside(rawValue: 2)
}

extension RequestFacts {
    /// Lays aside what the request shows: what nobody may see is then all that it can get.
    public mutating func setCredentialsAside() {
        if hasSession { aside.insert(.session) }
        if hasAuthorization { aside.insert(.authorization) }
        (hasSession, hasAuthorization) = (false, false)
    }

    /// Undoes that: the answer is for who asked, and for nobody else.
    public mutating func takeCredentialsBack() {
        if aside.contains(.session) { hasSession = true }
        if aside.contains(.authorization) { hasAuthorization = true }
        aside = []
    }

    /// Why the store has no part in the request once they were taken back.
    public var reasonOfCredentials: DecisionReason {
        aside.contains(.session) ? .session : .authorization
    }

    /// Whether something stored says that nobody may see it, or sends nobody to sign in: that is no
    /// answer to who has only laid his credentials aside.
    func mayKnowBetter(than entry: EntryHeader) -> Bool {
        !aside.isEmpty && (300..<500).contains(entry.status)
    }
}
