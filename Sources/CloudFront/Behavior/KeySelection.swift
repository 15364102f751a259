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
    /// A map's picture in its normal form is another behavior's, too, and has its key: see
    /// `sharingPictures`.
    public private(set) var sharesPictures = false
    /// That behavior's `identity`.
    private(set) var pictureIdentity: [UInt8] = []

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
        if !policy.passesStraySignatures { selection.dropsSignature = true }
        if policy.sharesAcrossPolicies { selection.identity = [] }
        return selection
    }

    /// The same, but of a map's picture in its normal form the key is as `other` has it, whose
    /// behavior asks the same server; nil: they differ in more than that documents, here alone,
    /// have the host in their keys.
    public func sharingPictures(with other: KeySelection) -> KeySelection? {
        func telling(_ selection: KeySelection) -> [String] {
            selection.headers.texts.map { $0.lowercased() }.filter {
                $0 != "host" && $0 != "accept-encoding"
            }
        }
        guard namesHost, !other.namesHost, telling(self) == telling(other),
            cookies == other.cookies, dropsSignature == other.dropsSignature
        else { return nil }
        var selection = self
        (selection.sharesPictures, selection.pictureIdentity) = (true, other.identity)
        return selection
    }

    /// A policy has Host in the key.
    public var namesHost: Bool { headers.texts.contains { $0.lowercased() == "host" } }

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
