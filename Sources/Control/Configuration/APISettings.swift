public import Caching
public import CloudFront

/// What the control API of the admin port is told.
public struct APISettings: Sendable {
    /// false: the admin port has no control API.
    public var isEnabled = true
    /// Whoever may ask it. Empty: everybody who reaches the port, which must be this machine then.
    public var credentials: [APICredential]
    /// How long an invalidation says `InProgress`. It is in effect at once; a developer may want
    /// to see the state that CloudFront has for minutes.
    public var invalidationDelay: Milliseconds
    public var reusedReference: ReusedReferenceAnswer
    /// Whether the same paths in another order are other paths, for a `CallerReference` that was
    /// used before. CloudFront does not say. Default: no.
    public var ordersReferencePaths = false
    /// Most items of a page, and how many there are when nobody asks for fewer. CloudFront does not
    /// say. Default: 100.
    public var pageItems = 100
    /// Code of the answer to XML that cannot be read. CloudFront names two. Default: MalformedXML.
    public var malformedCode = APIError.Code.malformedXML

    public init(
        credentials: [APICredential] = [], invalidationDelay: Milliseconds = 0,
        reusedReference: ReusedReferenceAnswer = .invalidArgument
    ) {
        self.credentials = credentials
        self.invalidationDelay = invalidationDelay
        self.reusedReference = reusedReference
    }
}

/// A pair as AWS's tools have it: the name, and what it is signed with.
public struct APICredential: Sendable {
    public var accessKeyID: String
    public var secret: Secret

    public init(accessKeyID: String, secret: Secret) {
        self.accessKeyID = accessKeyID
        self.secret = secret
    }
}

/// A text that is shown nowhere: not in a log, not in a dump of what holds it.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { "(secret)" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    public static func == (first: Secret, second: Secret) -> Bool {
        first.text.utf8.elementsEqual(second.text.utf8)
    }
}
