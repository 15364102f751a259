/// A point on which CloudFront's documentation is silent, as a behavior reads it.
///
/// Each is a flag of the policy and a key of `mapedge.yaml`; `explain` names those that had a part
/// in an answer.
public struct Reading: Sendable {
    public typealias Flag = any (WritableKeyPath<BehaviorPolicy, Bool> & Sendable)

    /// What it is about, so that it is refused where it would do nothing.
    public enum Scope: Sendable {
        /// Behaviors of both modes.
        case any
        /// What CloudFront does with responses: cloudfront mode.
        case cloudFront
        /// What a distribution says of its behaviors: those that are imported.
        case distribution
    }

    /// The key, which is the flag's name.
    public var key: String
    public var flag: Flag
    public var scope: Scope
    /// What is assumed while the flag is not set, and while it is; halves of a sentence.
    public var unset: String
    public var set: String

    /// What a policy assumes.
    public func sentence(_ policy: BehaviorPolicy) -> String {
        policy[keyPath: flag] ? set : unset
    }

    /// The one of that key.
    public static func named(_ key: String) -> Reading? { all.first { $0.key == key } }

    /// All of them, as `mapedge.yaml` has them.
    public static let all = ofLifetimes + ofAges + ofStoring + ofForwarding + ofAnswers + ofKeys

    private static let ofLifetimes = [
        Reading(
            key: "ignoresInvalidMaxAge", flag: \.ignoresInvalidMaxAge, scope: .any,
            unset: "a max-age that is no number means 0",
            set: "a max-age that is no number means nothing"),
        Reading(
            key: "ignoresInvalidExpires", flag: \.ignoresInvalidExpires, scope: .any,
            unset: "an Expires that is no date is in the past",
            set: "an Expires that is no date means nothing"),
        Reading(
            key: "repeatedMaxAgeIsStale", flag: \.repeatedMaxAgeIsStale, scope: .any,
            unset: "the first of several max-age counts",
            set: "several max-age mean 0"),
        Reading(
            key: "honoursResponsePragma", flag: \.honoursResponsePragma, scope: .any,
            unset: "Pragma in a response says nothing",
            set: "Pragma: no-cache in a response without Cache-Control is no-cache"),
        Reading(
            key: "ignoresPrivateNames", flag: \.ignoresPrivateNames, scope: .any,
            unset: "private with field names is about those fields",
            set: "private with field names is about the whole response"),
        Reading(
            key: "replacesLifetimeOn304", flag: \.replacesLifetimeOn304, scope: .cloudFront,
            unset: "a 304 that says nothing of freshness leaves what was said before",
            set: "a 304 that says nothing of freshness leaves the default lifetime"),
        Reading(
            key: "staleOutlivesMaxTTL", flag: \.staleOutlivesMaxTTL, scope: .cloudFront,
            unset: "stale windows end MaxTTL after the response was stored",
            set: "a stale window is as long as MaxTTL at most, whenever it begins"),
    ]

    private static let ofAges = [
        Reading(
            key: "respectsOriginAge", flag: \.respectsOriginAge, scope: .any,
            unset: "the Age of the origin's answer does not count",
            set: "the Age of the origin's answer counts"),
        Reading(
            key: "showsAgeOnRefresh", flag: \.showsAgeOnRefresh, scope: .cloudFront,
            unset: "what was just confirmed has no Age",
            set: "what was just confirmed has its Age"),
        Reading(
            key: "staleIsRefreshHit", flag: \.staleIsRefreshHit, scope: .any,
            unset: "what is served within stale-while-revalidate is a Hit",
            set: "what is served within stale-while-revalidate is a RefreshHit"),
    ]

    private static let ofStoring = [
        Reading(
            key: "asksGetForHead", flag: \.asksGetForHead, scope: .any,
            unset: "a HEAD that finds nothing is asked as HEAD, and stores nothing",
            set: "a HEAD that finds nothing is asked as GET, and stored"),
        Reading(
            key: "storesLateFetches", flag: \.storesLateFetches, scope: .cloudFront,
            unset: "what was under way when an invalidation came is not stored",
            set: "what was under way when an invalidation came is stored all the same"),
    ]

    private static let ofForwarding = [
        Reading(
            key: "forwardsConditions", flag: \.forwardsConditions, scope: .distribution,
            unset: "a viewer's conditions reach the origin where a policy names them",
            set: "a viewer's conditions reach the origin on every Miss"),
        Reading(
            key: "forwardsOnlyNamed", flag: \.forwardsOnlyNamed, scope: .distribution,
            unset: "Range and the fields of a body reach the origin always",
            set: "Range and the fields of a body reach the origin where a policy names them"),
        Reading(
            key: "passesStraySignatures", flag: \.passesStraySignatures, scope: .distribution,
            unset: "a signature's parameters and cookies go no further where none is asked for",
            set: "a signature's parameters and cookies are ordinary ones where none is asked for"),
        Reading(
            key: "pagesForRefusals", flag: \.pagesForRefusals, scope: .distribution,
            unset: "an error page takes no refusal's place but that of a country",
            set: "an error page takes the place of refusals as well"),
    ]

    private static let ofAnswers = [
        Reading(
            key: "showsCompressedLength", flag: \.showsCompressedLength, scope: .distribution,
            unset: "what was compressed here goes out in chunks, without Content-Length",
            set: "what was compressed here has a Content-Length once it is stored")
    ]

    private static let ofKeys = [
        Reading(
            key: "keysNormalPath", flag: \.keysNormalPath, scope: .distribution,
            unset: "the key has the path as it was sent",
            set: "the key has the path in its normal form"),
        Reading(
            key: "keysNormalQuery", flag: \.keysNormalQuery, scope: .distribution,
            unset: "the key has parameters as they were sent: order, repetitions, empty ones",
            set: "the key has parameters in a normal form"),
        Reading(
            key: "sharesAcrossPolicies", flag: \.sharesAcrossPolicies, scope: .distribution,
            unset: "what was stored under another policy is not found",
            set: "what was stored under another policy is found if the rest of the key is equal"),
    ]
}
