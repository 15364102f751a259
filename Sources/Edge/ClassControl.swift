import Caching
import HTTP
import Reactor
import Tiles

/// The Cache-Control that goes out with an answer whose origin says nothing of its freshness, in a
/// behavior that has a class.
enum ClassControl: Equatable {
    /// The edge adds none: the origin has spoken, or the class has no word for such answers.
    case none
    /// For anybody, and so long at the most, in milliseconds.
    case shared(Milliseconds)
    /// For who asked alone.
    case own

    /// The field in wire form, with its end; empty where it takes a number.
    var line: [UInt8] {
        self == .own ? Array("Cache-Control: private, no-store\r\n".utf8) : []
    }
}

extension Exchange {
    /// Whose lifetime the answer has where the origin says nothing of its freshness.
    ///
    /// Of a map service that is what was asked for, as far as its body can be judged; of pages, all
    /// that was asked for as nobody. Answers to credentials have none, even where they are shared.
    var lifetimeClass: MapClass {
        guard page == nil, head.method == .get || head.method == .head else { return .none }
        switch policy.mapClass {
        case .none: return .none
        case .pages: return facts.standing == .anonymous ? .pages : .none
        case .tiles, .capabilities, .features: break
        }
        if map?.isImage == true { return .tiles }
        return facts.hasAuthorization || facts.hasSession ? .none : documentClass
    }

    /// The same for what is stored, as its record tells: what was asked as nobody then may be asked
    /// by anybody now.
    func lifetimeClass(of header: EntryHeader) -> MapClass {
        let isOfClass = header.flags.contains(.classLifetime)
        return isOfClass && policy.mapClass == .pages ? .pages : lifetimeClass
    }

    /// Of what a map service answers beside maps: what its address tells to be a read of that kind
    /// that writes make stale; none for others, among them its console, REST interface and WPS.
    private var documentClass: MapClass {
        switch subjectKind {
        case .legend: return .tiles
        case .capabilities: return .capabilities
        // Not GetFeatureWithLock, which is a write.
        case .featureInfo, .features: return requestClass == .writes ? .none : .features
        case .none, .picture, .other: return .none
        }
    }

    /// A legend was asked for: a picture, or a document that describes one.
    var isLegend: Bool { subjectKind == .legend }

    /// Capabilities of a service were asked for.
    var isCapabilities: Bool { subjectKind == .capabilities }

    /// GetFeatureInfo was asked for, in a behavior that says how long its answers are good.
    var isFeatureInfo: Bool {
        guard policy.mapClass != .none, policy.featureInfoTTL < BehaviorPolicy.year else {
            return false
        }
        return map?.isImage != true && subjectKind == .featureInfo
    }

    private var subjectKind: MapSubject.Kind {
        unsafe bytes.withUnsafeBytes { bytes in
            let path = unsafe bytes.bytes.extracting(head.path.range)
            let query = unsafe bytes.bytes.extracting(head.query.range)
            return MapSubject(path: path, query: query, .standard).kind
        }
    }
}

extension LoopState where N: ~Copyable {
    /// What the class says with an answer of the origin's.
    ///
    /// - Parameter collapsed: it goes to who waited for another's request, without that one's
    ///   cookies.
    func classControl(
        _ exchange: Exchange, _ fetched: FetchedHead, _ collapsed: Bool
    ) -> ClassControl {
        guard exchange.policy.mapClass != .none, !fetched.isOutOfStep, fetched.cut == nil,
            collapsed || !fetched.facts.isProvedAlike
        else { return .none }
        let isOwn = !collapsed && fetched.facts.hasSetCookie && !fetched.facts.excludesSetCookie
        if case .storable(let times, let flags) = fetched.storability,
            flags.contains(.classLifetime)
        {
            guard fetched.isStorable else { return .none }
            return isOwn ? .own : .shared(times.remaining(at: network.wallNow))
        }
        guard let times = exchange.timesOfWhole(fetched) else { return .none }
        if isOwn { return .own }
        // Whether a page is its reader's own only its whole body tells.
        let isUnknown = exchange.policy.mapClass == .pages
        return .shared(isUnknown ? 0 : times.remaining(at: network.wallNow))
    }

    /// A word for the CloudFront in front where there is none yet, in any behavior: without one it
    /// would keep what it gets for its own default, up to a day. An answer to a write is for nobody
    /// else, nor is an error that is not kept here; all other is kept there for what is left of its
    /// time here, which may be none, and by browsers as they see fit.
    ///
    /// Source: Amazon CloudFront, "Managing how long content stays in the cache": a lifetime below
    /// the one for errors leaves those as they are.
    func appendSilent(_ exchange: Exchange, _ fetched: FetchedHead, _ writer: inout HeadWriter) {
        guard hot[exchange.behavior].traits.contains(.tellsRemaining), fetched.status >= 200,
            fetched.status != 304, fetched.facts.expires == .absent,
            unsafe !Self.tellsControl(writer.bytes)
        else { return }
        var remaining: Milliseconds = 0
        if case .storable(let times, _) = fetched.storability, fetched.isStorable {
            remaining = times.remaining(at: network.wallNow)
        }
        guard exchange.head.method.isSafe, remaining > 0 || fetched.status < 400 else {
            return writer.append("Cache-Control: no-store\r\n")
        }
        writer.append("Cache-Control: s-maxage=")
        writer.appendDecimal(UInt64(max(0, remaining) / 1_000))
        writer.append("\r\n")
    }

    private static func tellsControl(_ head: UnsafeRawBufferPointer) -> Bool {
        let name: StaticString = "cache-control:"
        let count = head.count
        var at = 0
        while at + name.utf8CodeUnitCount <= count {
            let start = unsafe head.bytes.extracting(at..<at + name.utf8CodeUnitCount)
            if equalsIgnoringCase(start, name) { return true }
            while at < count, unsafe head[at] != UInt8(ascii: "\n") { at += 1 }
            at += 1
        }
        return false
    }

    /// The field, if there is one.
    func append(_ control: ClassControl, _ policy: BehaviorPolicy, _ writer: inout HeadWriter) {
        switch control {
        case .none: break
        case .shared(let remaining): appendControl(policy, remaining, &writer)
        case .own: unsafe control.line.withUnsafeBytes { unsafe writer.append(bytes: $0) }
        }
    }

    /// What the cache in front of us may keep of an answer about which the origin says nothing: no
    /// longer than it is kept here. Browsers ask each time, since no write reaches them; but they
    /// may keep maps as they see fit (RFC 9111 §4.2.2), of which they show hundreds.
    @inline(__always)
    func appendControl(
        _ policy: BehaviorPolicy, _ remaining: Milliseconds, _ writer: inout HeadWriter
    ) {
        writer.append(
            policy.mapClass == .tiles
                ? "Cache-Control: s-maxage=" : "Cache-Control: max-age=0, s-maxage=")
        writer.appendDecimal(UInt64(max(0, min(policy.sMaxage, remaining)) / 1_000))
        writer.append("\r\n")
    }
}

extension Exchange {
    /// Of an answer to HEAD, or of a part: how long the whole, asked for by GET, would be fresh by
    /// its class; nil: it would not be kept, or has another lifetime.
    fileprivate func timesOfWhole(_ fetched: FetchedHead) -> EntryTimes? {
        guard key != nil, !fetched.isDegraded, !fetched.isRejectedContent,
            fetched.status == 206 || head.method == .head && fetched.status == 200
        else { return nil }
        guard case .storable(let times, let flags) = storabilityOfWhole(fetched),
            flags.contains(.classLifetime)
        else { return nil }
        return times
    }

    /// What the answer to a HEAD, or a part, would be to the store if the whole had been asked for.
    func storabilityOfWhole(_ fetched: FetchedHead) -> Storability {
        var (request, response) = (facts, fetched.facts)
        (request.method, request.hasRange) = (.get, false)
        if response.status == 206 { (response.status, response.contentRange) = (200, nil) }
        return storability(
            StoreQuestion(
                request: request, response: response, policy: policy,
                requestTime: fetched.requestedAt, responseTime: fetched.receivedAt))
    }

    /// Whether a CloudFront in front would keep for its behavior's default lifetime what is not
    /// kept here, since the origin says nothing of its freshness: no write would reach it there.
    func leavesLifetimeOpen(_ fetched: FetchedHead) -> Bool {
        guard imported != nil, snapshot.settings.role == .tier, isSilent(fetched),
            fetched.status != 304
        else { return false }
        if case .storable = fetched.storability, fetched.isStorable { return false }
        return timesOfWhole(fetched) == nil
    }

    /// Whether an answer of which the origin does not say who may keep it is for who asked, by what
    /// he has shown or what it brings him: a cache in front, whose key may lack both, would give it
    /// to others for its own default.
    func isForOneAlone(_ fetched: FetchedHead) -> Bool {
        let response = fetched.facts
        guard isSilent(fetched), fetched.status < 500, !fetched.isOutOfStep else { return false }
        // What was asked as nobody is everybody's, whatever the viewer has shown.
        if facts.aside.isEmpty {
            if policy.sessionsBypass, facts.hasSession { return true }
            if policy.judgesAuthorization, facts.hasAuthorization { return true }
        }
        if policy.judgesCookies, response.hasSetCookie, !response.setsCSRFOnly { return true }
        if policy.keysVary || isAnonymous { return false }
        return policy.judgesCookies && response.varyCookie
            || policy.judgesAuthorization && response.varyAuthorization
    }

    /// Whether it is the origin's own answer, in a behavior with a class, and says neither how long
    /// nor by whom it may be kept.
    private func isSilent(_ fetched: FetchedHead) -> Bool {
        let response = fetched.facts
        return policy.mapClass != .none && page == nil && !response.hasCacheControl
            && response.expires == .absent && response.targeted == nil
            && !fetched.confirmsStored && !fetched.deniesStored && !fetched.completes
    }
}
