public import Caching

/// What of a request is in the key beside host, path and method.
///
/// Source: CloudFront, "Understand the cache key".
public struct KeySelection: Sendable, Equatable {
    public var queryStrings: NameSelection
    /// Names in the policy's order, compared without case.
    public var headers: NameList
    public var cookies: NameSelection
    /// Codings by which Accept-Encoding is normalised.
    public var codings: Codings
    /// Parameters and cookies of signatures are no part of any key.
    public var dropsSignature: Bool
    /// The path is in its normal form, as patterns see it; else as it was sent.
    public var normalizesPath = false
    /// Parameters are in a normal form: see `NameSelection.writeNormalQuery`.
    public var normalizesQuery = false
    /// Host is in the key of all but a map's picture, although no policy names it: a map server's
    /// documents name the host that it is told. Of behaviors with such a class.
    public var keysHost = false
    /// Of a map's picture, too, unless its normal form is in the key: whose origin is told Host
    /// because a policy forwards it.
    public var keysHostOfPictures = false
    /// Identifies what policies say in a key, so that a changed policy meets none of the old
    /// entries.
    public private(set) var identity: [UInt8] = []

    public init(
        queryStrings: NameSelection, headers: [String], cookies: NameSelection, codings: Codings,
        dropsSignature: Bool
    ) {
        self.queryStrings = queryStrings
        self.headers = NameList(headers, matching: .ignoringCase)
        self.cookies = cookies
        self.codings = codings
        self.dropsSignature = dropsSignature
        identity = makeIdentity(headers)
    }

    /// The same as a behavior's readings of what is not documented have it.
    public func adopting(_ policy: BehaviorPolicy) -> KeySelection {
        var selection = self
        selection.normalizesPath = policy.keysNormalPath
        selection.normalizesQuery = policy.keysNormalQuery
        if policy.sharesAcrossPolicies { selection.identity = [] }
        return selection
    }

    /// FNV-1a over the settings as text, with what separates them outside of any name.
    private func makeIdentity(_ headers: [String]) -> [UInt8] {
        var parts = ["q", queryStrings.mode.rawValue] + queryStrings.names.texts
        parts += ["h"] + headers.map { $0.lowercased() }
        parts += ["c", cookies.mode.rawValue] + cookies.names.texts
        parts += ["\(cookies.names.matching)", "\(codings.rawValue)", "\(dropsSignature)"]
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in parts.joined(separator: "\n").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
    }
}
