import Caching
import HTTP
import Tiles

/// An origin's response head, owned, with what policy made of it. Shared by all who wait for it.
final class FetchedHead: Sendable {
    let bytes: [UInt8]
    let head: ResponseHead
    /// The status viewers get: a part that completes what is stored is a whole response to them.
    let status: Int
    /// Its length, when the origin or the store tells it, or the body is here.
    let declaredLength: Int?
    let facts: ResponseFacts
    /// End-to-end fields in wire form, without Content-Length, Age and whatever concerns the hop.
    let blob: [UInt8]
    /// The same for those who waited, where the origin names fields that are for the asker alone.
    let sharedBlob: [UInt8]?
    /// When the head came, and when its request was sent; milliseconds since the epoch.
    let receivedAt: Milliseconds
    let requestedAt: Milliseconds
    let storability: Storability
    /// It starts a session, and may prove to be the same for all but for that.
    let start: SessionStart?
    /// Names in the response's Vary and the leader's normalised values, in rfc9111 mode.
    let variant: VariantBytes?
    /// The origin confirmed what is stored.
    let confirmed: StoredCopy?
    /// The same with the fields that are for the asker alone; nil: there are none.
    private let confirmedForAsker: StoredCopy?
    /// A 304 about another response than the stored one: it must be asked for anew.
    let deniesStored: Bool
    /// The stored response is confirmed for who asked, and for nobody else any more.
    let endsStored: Bool
    /// Status 200, but no tile: an OGC exception or a body of another kind (law 5).
    let rejectedContent: TileVerdict?
    /// The page says itself that it lacks something: shown, not kept.
    let isDegraded: Bool
    /// Stored bytes stand before the origin's: a part that this response completes.
    let completes: Bool
    /// The page without its readers' tokens: what is stored, and what those who waited get. `blob`
    /// and the body as it came are for who asked alone.
    let cut: CutPage?
    /// The edge's own tag of the body, in quotes; empty: it has none (`ContentTag`).
    let contentTag: [UInt8]
    /// Its member was out of step with its cluster: it is for who asked, and nobody keeps it.
    let isOutOfStep: Bool

    init(
        bytes: [UInt8], head: borrowing ResponseHead, facts: ResponseFacts, blob: [UInt8],
        sharedBlob: [UInt8]? = nil, receivedAt: Milliseconds,
        requestedAt: Milliseconds, storability: Storability, variant: VariantBytes?,
        start: SessionStart? = nil,
        confirmed: StoredCopy? = nil, confirmedForAsker: StoredCopy? = nil,
        endsStored: Bool = false, deniesStored: Bool = false,
        rejectedContent: TileVerdict? = nil, isDegraded: Bool = false,
        completesTo whole: UInt64? = nil, isOutOfStep: Bool = false
    ) {
        self.isOutOfStep = isOutOfStep
        (cut, contentTag) = (nil, [])
        status = whole == nil ? head.status : 200
        if let whole {
            declaredLength = Int(exactly: whole)
        } else if case .length(let count) = head.framing {
            declaredLength = Int(exactly: count)
        } else {
            declaredLength = nil
        }
        self.bytes = bytes
        self.head = copy head
        self.facts = facts
        self.blob = blob
        self.sharedBlob = sharedBlob
        self.receivedAt = receivedAt
        self.requestedAt = requestedAt
        self.storability = storability
        self.start = start
        self.variant = variant
        self.confirmed = confirmed
        self.confirmedForAsker = confirmedForAsker
        self.deniesStored = deniesStored
        self.endsStored = endsStored
        self.rejectedContent = rejectedContent
        self.isDegraded = isDegraded
        completes = whole != nil
    }

    /// The same, known to lack something, or to be no tile; then it is not for storing, and what
    /// was rejected is for no cache on its way either. `length`: all of the body was counted;
    /// `isPrivate`: it is for one viewer alone; `isForNoCache`: none on its way is to keep it.
    /// `contentTag` takes the place of the member's validators. `isAlike`: proved to be the same
    /// for all but for the session that it starts.
    init(
        _ other: FetchedHead, degraded isDegraded: Bool? = nil, rejected: TileVerdict? = nil,
        refused: StoreRefusal? = nil, cut: CutPage? = nil, length: Int? = nil,
        contentTag: [UInt8]? = nil, isPrivate: Bool = false, isForNoCache: Bool = false,
        isAlike: Bool = false
    ) {
        (status, declaredLength) = (other.status, length ?? other.declaredLength)
        bytes = other.bytes
        isOutOfStep = other.isOutOfStep
        var facts = other.facts
        if isAlike { facts.isProvedAlike = true }
        (head, self.facts) = (other.head, facts)
        // What was an error to this edge is none to a cache before it, unless it is told.
        let isForNoCache =
            isForNoCache || rejected != nil || refused == .olderThanWrite
            || refused == .emptyPage
        let withoutCaching = isForNoCache ? HeaderBlob.withoutCaching : nil
        let tagging = contentTag.map { tag in { ContentTag.shown($0, tag: tag) } }
        let given = (tagging ?? withoutCaching)?(other.blob) ?? other.blob
        self.contentTag = contentTag ?? other.contentTag
        blob = cut == nil && !isPrivate ? given : HeaderBlob.keptPrivate(given)
        self.cut = cut ?? other.cut
        sharedBlob = other.sharedBlob.map { (tagging ?? withoutCaching)?($0) ?? $0 }
        (receivedAt, requestedAt) = (other.receivedAt, other.requestedAt)
        let refusal = rejected == nil ? refused : .statusNotCacheable
        let verdict = isAlike ? other.start?.ifAlike : nil
        storability = refusal.map { .refused($0) } ?? verdict ?? other.storability
        // What is refused for another reason is not shared, however alike.
        start = refusal == nil ? other.start : nil
        variant = other.variant
        (confirmed, deniesStored) = (other.confirmed, other.deniesStored)
        endsStored = other.endsStored
        confirmedForAsker = other.confirmedForAsker
        (rejectedContent, completes) = (rejected ?? other.rejectedContent, other.completes)
        self.isDegraded = isDegraded ?? other.isDegraded
    }

    /// What the origin confirmed, as an exchange may have it: who waited gets nothing that is for
    /// the asker alone (RFC 9111 §5.2.2.7).
    func confirmed(for exchange: Exchange) -> StoredCopy? {
        exchange.fetch == nil ? confirmed : confirmedForAsker ?? confirmed
    }

    var confirmsStored: Bool { confirmed != nil }
    var isRejectedContent: Bool { rejectedContent != nil }
    var isStorable: Bool {
        mayBeShared && !isDegraded
    }
    /// It is for anybody, though perhaps not to be kept.
    var mayBeShared: Bool {
        if case .storable = storability { return rejectedContent == nil }
        return false
    }

    /// It is not kept for its status alone: CloudFront gives it to those who waited all the same.
    /// Only where the edge is pure CloudFront, and not when somebody signed in for it (law 6).
    func isAnybodys(_ exchange: Exchange) -> Bool {
        // A longer one would go at the pace of the slowest who waited.
        isRefusedByStatus && rejectedContent == nil && exchange.imported != nil
            && declaredLength.map { $0 <= Self.sharedBytesMax } == true
            && exchange.policy.mapClass == .none && !exchange.facts.hasAuthorization
            && !facts.hasSetCookie
            && (exchange.policy.minTTL > 0 || facts.isForReuse(exchange.policy))
    }

    /// Longest body that is shared without being kept, in bytes.
    private static let sharedBytesMax = 65_536

    /// No such status is kept, or, of an error, for no time at all.
    private var isRefusedByStatus: Bool {
        storability == .refused(.statusNotCacheable)
            || status >= 400 && storability == .refused(.noFreshness)
    }

    /// How long nobody waits for another's answer, in milliseconds: a page with a token in it, or
    /// one that differs from reader to reader, will be like that the next time.
    var unsharedTime: Milliseconds {
        [.refused(.token), .refused(.differingSession)].contains(storability) ? 60_000 : 2_000
    }

    /// Its Content-Type; empty where there is none.
    var mediaType: [UInt8] {
        head.fields.first(.contentType).map { [UInt8](bytes[head.fields[$0].value.range]) } ?? []
    }

    /// A status that lets stale-if-error speak.
    var failureStatus: Int? { status >= 500 ? status : nil }

    /// What is confirmed is nothing for who waited.
    func isConfirmed(forOthersThan exchange: Exchange) -> Bool {
        guard exchange.fetch == nil, let confirmed else { return false }
        return variant?.matches(exchange) == false
            || !canAnswer(confirmed.header, exchange.facts, exchange.policy)
    }

    /// Whether a waiter's request selects the same variant as the leader's did.
    func suits(_ exchange: Exchange) -> Bool {
        if isRefusedByStatus, exchange.facts.hasAuthorization { return false }
        if cut.map({ !$0.suits(exchange) }) ?? lacksCookie(for: exchange) { return false }
        guard let variant else { return true }
        return variant.matches(exchange)
    }
}

extension FetchedHead {
    /// The answer of a member that is out of step: for who asked, and for no cache.
    func withoutCaching() -> FetchedHead {
        FetchedHead(
            bytes: bytes, head: head, facts: facts, blob: HeaderBlob.withoutCaching(blob),
            sharedBlob: sharedBlob.map { HeaderBlob.withoutCaching($0) }, receivedAt: receivedAt,
            requestedAt: requestedAt, storability: storability, variant: variant,
            confirmed: confirmed, confirmedForAsker: confirmedForAsker,
            deniesStored: deniesStored, rejectedContent: rejectedContent, isDegraded: isDegraded,
            completesTo: status == head.status ? nil : declaredLength.map { UInt64($0) },
            isOutOfStep: true)
    }
}

/// Vary's names and one request's values for them, both normalised.
struct VariantBytes: Sendable {
    /// The names as the record of the primary key keeps them: lower-case, comma-separated.
    var names: [UInt8]
    var values: [UInt8]

    func matches(_ exchange: Exchange) -> Bool {
        exchange.variantValues(names) == values
    }
}
