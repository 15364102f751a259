import Caching
import HTTP
import Reactor

/// A write that a cluster's catalog waits for.
struct OpenWrite {
    let cluster: Cluster
    /// Who took it; nil: it went through another origin.
    let place: Int?
}

// What a loop does for an origin whose members have one catalog.
extension LoopState where N: ~Copyable {
    /// What the fetch asks of its pool; read once for each pool.
    func wish(of fetch: Fetch) -> MemberWish {
        if let wish = fetch.wish { return wish }
        guard let cluster = fetch.pool.cluster else {
            let wish =
                passesWrite(fetch) ? MemberWish(ask: .write, session: nil) : MemberWish.any
            fetch.wish = wish
            if wish.ask == .write { fetch.mayReuse = false }
            return wish
        }
        let request = fetch.exchange.clusterRequest()
        let session = fetch.exchange.session(cluster.settings.stickyCookies)
        let wish = cluster.wish(cluster.classifier.classify(request), session: session)
        fetch.wish = wish
        // A kept connection may be one that its member has just closed; a write has but one try.
        if wish.ask == .write { fetch.mayReuse = false }
        return wish
    }

    /// The member is about to be asked.
    func takeTicket(_ fetch: Fetch) {
        fetch.ticket = fetch.pool.ticket(fetch.member, wish(of: fetch).ask)
    }

    func hasOther(_ fetch: Fetch, strict: Bool) -> Bool {
        fetch.pool.hasOther(
            than: fetch.tried, mayTry: fetch.mayTry, at: network.monotonicMilliseconds,
            wish(of: fetch), for: fetch.ask.requestClass, strict: strict)
    }

    /// Whether the member was in step when it was asked, and has been ever since.
    func isInStep(_ fetch: Fetch) -> Bool { fetch.pool.cluster?.mayStore(fetch.ticket) ?? true }

    /// Whether the answer that has come may be older than a write that is over: its member was out
    /// of step when it was asked, or a write ended since. No cache on its way may keep it either.
    func isBehind(_ fetch: Fetch) -> Bool {
        guard fetch.ticket.mayStore, let cluster = fetch.pool.cluster, fetch.wish?.ask != .write
        else { return !fetch.ticket.mayStore }
        return !cluster.isInStep(fetch.ticket)
    }

    /// The edition of the catalog behind a behavior.
    func edition(_ behavior: Int) -> UInt64 {
        snapshot.pools[hot[behavior].origin].cluster?.edition ?? 0
    }

    // MARK: writes

    /// Whether another origin passes the request on to a cluster, as a write.
    private func passesWrite(_ fetch: Fetch) -> Bool {
        guard !fetch.exchange.head.method.isSafe,
            snapshot.pools.contains(where: { $0.cluster != nil })
        else { return false }
        let request = fetch.exchange.clusterRequest()
        return snapshot.pools.contains { $0.cluster?.classifier.isProxiedWrite(request) == true }
    }

    func beginWrite(_ fetch: Fetch) {
        guard fetch.wish?.ask == .write, fetch.openWrites.isEmpty else { return }
        if let own = fetch.pool.cluster {
            fetch.openWrites = [OpenWrite(cluster: own, place: fetch.ticket.place)]
        } else {
            let request = fetch.exchange.clusterRequest()
            fetch.openWrites = snapshot.pools.compactMap(\.cluster).filter {
                $0.classifier.isProxiedWrite(request)
            }.map { OpenWrite(cluster: $0, place: nil) }
        }
        for write in fetch.openWrites { write.cluster.writeBegan() }
    }

    /// A response has come: if it is a write's, the catalog has another edition from now on.
    ///
    /// - Returns: what the write made stale, which is to be on disk before the answer goes out.
    func endWrite(_ fetch: Fetch, status: Int) -> [InvalidationRule] {
        // What the member calls the writer's own mistake has changed nothing; these two are said by
        // who stands between.
        let changed = !(400...499).contains(status) || status == 408 || status == 499
        return endWrites(fetch, changed: changed, succeeded: (200...299).contains(status))
    }

    /// The next edition comes before what the write touched goes: in between a member that has not
    /// read it would fill the cache anew.
    private func endWrites(
        _ fetch: Fetch, changed: Bool, succeeded: Bool = false
    ) -> [InvalidationRule] {
        guard !fetch.openWrites.isEmpty else { return [] }
        let now = network.monotonicMilliseconds
        let request = fetch.exchange.clusterRequest()
        var rules: [InvalidationRule] = []
        for write in fetch.openWrites {
            let saves = succeeded ? write.cluster.classifier.saves(request) : 0
            write.cluster.writeEnded(
                by: write.place, changed: changed, saves: saves, at: now)
            guard changed else { continue }
            let settings = write.cluster.settings
            rules += settings.rules(isScopeKnown: fetch.exchange.knowsScope)
        }
        fetch.openWrites = []
        return rules
    }

    /// A write's member has failed, or nobody waits for it: it may have been done all the same.
    mutating func loseWrite(_ fetch: Fetch) {
        let rules = endWrites(fetch, changed: fetch.hasSentHead)
        guard let store, !rules.isEmpty else { return }
        fetch.awaitedCommits += 1
        _ = store.invalidate(rules, whenDurable: keptWord(fetch))
    }

    /// The writer hears of the failure when what may have become stale is on disk; until then the
    /// fetch belongs to no member. False: it may hear of it now.
    mutating func holdsFailure(_ fetch: Fetch, _ failure: FetchFailure) -> Bool {
        guard fetch.awaitedCommits > 0, fetch.heldFailure == nil else { return false }
        fetch.heldFailure = failure
        fetch.member = -1
        // It is in no queue, and on its way to no member.
        fetch.phase = .receiving
        awaitDisk(fetch)
        return true
    }

    // MARK: sessions

    /// A member that sets a session's cookie is where the session is at home.
    func noteSession(_ fetch: Fetch, _ head: FetchedHead) {
        guard let cluster = fetch.pool.cluster, head.facts.hasSetCookie,
            fetch.pool.places.indices.contains(fetch.member)
        else { return }
        var index = head.head.fields.first(.setCookie)
        while let at = index {
            let line = head.bytes[head.head.fields[at].value.range]
            if let value = SessionCookies.value(of: cluster.settings.stickyCookies, in: line) {
                cluster.bind(
                    ClusterSessions.hash(value), to: fetch.pool.places[fetch.member])
            }
            index = head.head.fields.next(after: at, .setCookie)
        }
    }
}

extension ClusterSettings {
    /// What a write makes stale in the cache.
    ///
    /// - Parameter isScopeKnown: what it touches by what it says goes anyway.
    func rules(isScopeKnown: Bool) -> [InvalidationRule] {
        (invalidates ?? (isScopeKnown ? [] : everything)).map { path in
            let bytes = Array(path.utf8)
            return bytes.last == UInt8(ascii: "*")
                ? InvalidationRule(.prefix, bytes.dropLast()) : InvalidationRule(.target, bytes)
        }
    }
}

extension Exchange {
    /// The edition of its origin's catalog, which a fetch it joins must have begun in.
    var edition: UInt64 { pool.cluster?.edition ?? 0 }

    /// The request as its viewer sees it, with what has come of its body.
    func clusterRequest() -> ClusterClassifier.Request {
        let hasBody = intake.hasBytes
        let body = hasBody ? unsafe intake.withPending { unsafe Array($0.prefix(4_096)) } : []
        return ClusterClassifier.Request(
            method: String(decoding: bytes[head.methodName.range], as: UTF8.self),
            path: Array(bytes[head.path.range]),
            query: Array(bytes[head.query.range]), body: body)
    }

    /// The hash of the first cookie that ties it to a member.
    func session(_ names: [String]) -> UInt64? {
        var index = head.fields.first(.cookie)
        while let at = index {
            let line = bytes[head.fields[at].value.range]
            for pair in line.split(separator: UInt8(ascii: ";")) {
                if let value = SessionCookies.value(of: names, in: pair) {
                    return ClusterSessions.hash(value)
                }
            }
            index = head.fields.next(after: at, .cookie)
        }
        return nil
    }
}

extension SessionCookies {
    /// The value of the pair that a Cookie's member or a Set-Cookie line begins with (RFC 6265
    /// §4.1.1), if it has one of these names and a value.
    static func value(of names: [String], in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let pair = line.drop { $0 == 32 || $0 == 9 }.prefix { $0 != UInt8(ascii: ";") }
        guard let sign = pair.firstIndex(of: UInt8(ascii: "=")),
            names.contains(where: { $0.utf8.elementsEqual(pair[..<sign]) })
        else { return nil }
        var value = pair[(sign + 1)...]
        while let last = value.last, last == 32 || last == 9 { value.removeLast() }
        return value.isEmpty ? nil : value
    }
}
