import Caching

// Limits of members, and who waits for a place within them.
extension PoolRoster {
    /// Members that a fetch may go to, but for places: reachable, not asked yet, and not among
    /// those that want to be left alone.
    ///
    /// - Parameter admitted: whom the cluster admits, as bits.
    func open(
        _ tried: UInt64, _ requestClass: RequestClass, _ now: Milliseconds, _ admitted: UInt64
    ) -> [Int] {
        members.indices.filter {
            reachable[$0] && !Self.has(tried, $0) && Self.has(admitted, $0)
                && !members[$0].isHeld(requestClass, at: now) && mayServe($0, now, admitted)
        }
    }

    func hasPlace(_ member: Int, _ requestClass: RequestClass) -> Bool {
        let limit = limit(member, requestClass)
        return
            (settings.memberConcurrency == 0
            || members[member].inFlight < settings.memberConcurrency)
            && (limit == 0 || members[member].inClass[requestClass] < limit)
    }

    private func limit(_ member: Int, _ requestClass: RequestClass) -> Int {
        settings.limits.limit(requestClass, cores: settings.members[member].cores)
    }

    /// Nobody has a place: waits for one, if there may be one in time.
    mutating func wait(
        _ tried: UInt64, _ now: Milliseconds, _ fetch: QueuedFetch, _ wish: MemberWish,
        _ ask: PlaceAsk
    ) -> Choice {
        let admitted = admitted(wish, tried, now)
        guard mayWait(tried, ask.requestClass, now, admitted) else {
            return nobody(tried, ask.requestClass, now, admitted)
        }
        let open = worthWaitingFor(tried, ask.requestClass, now, admitted)
        if let wait = expectedWait(ask, open, now),
            now.adding(wait) >= min(ask.deadline, ask.viewerDeadline)
        {
            refuse(.deadline)
            return .failed(.queueDeadline)
        }
        let entry = FairQueue<WaitingGroup>.Entry(
            fetch: fetch, requestClass: ask.requestClass, viewer: ask.viewer, cost: ask.cost,
            deadline: ask.deadline,
            group: WaitingGroup(tried: tried, wish: admission?.cluster.settled(wish) ?? wish))
        switch queue.add(entry) {
        case nil: return .queued
        case .full: refuse(.full)
        case .classFull: refuse(.classFull)
        case .viewerFull: refuse(.viewerFull)
        }
        return .failed(.queueFull)
    }

    /// Only who serves others has a place to hand on.
    func mayWait(
        _ tried: UInt64, _ requestClass: RequestClass, _ now: Milliseconds, _ admitted: UInt64
    ) -> Bool {
        worthWaitingFor(tried, requestClass, now, admitted).contains {
            !hasPlace($0, requestClass)
        }
    }

    /// Those that are fit; where nobody is, not even who wants to be left alone, all others.
    private func worthWaitingFor(
        _ tried: UInt64, _ requestClass: RequestClass, _ now: Milliseconds, _ admitted: UInt64
    ) -> [Int] {
        let open = open(tried, requestClass, now, admitted)
        let fit = open.filter { isFit($0, now) }
        guard fit.isEmpty else { return fit }
        let isAnyFit = members.indices.contains {
            !Self.has(tried, $0) && Self.has(admitted, $0) && isFit($0, now)
        }
        return isAnyFit ? [] : open
    }

    /// When somebody who wants to be left alone with a class may be asked again; nil: nobody does.
    func holdEnds(_ requestClass: RequestClass, after now: Milliseconds) -> Milliseconds? {
        members.indices.compactMap {
            reachable[$0] && members[$0].isHeld(requestClass, at: now)
                ? members[$0].heldUntil[requestClass].adding(1) : nil
        }.min()
    }

    /// Why nobody can be asked.
    private mutating func nobody(
        _ tried: UInt64, _ requestClass: RequestClass, _ now: Milliseconds, _ admitted: UInt64
    ) -> Choice {
        guard let until = heldUntil(tried, requestClass, now, admitted) else {
            return .failed(.noMember)
        }
        refuse(.held)
        return .held(until: until)
    }

    /// When the first of those ends its wish to be left alone that could be asked but for that.
    func heldUntil(
        _ tried: UInt64, _ requestClass: RequestClass, _ now: Milliseconds, _ admitted: UInt64
    ) -> Milliseconds? {
        members.indices.compactMap { index in
            reachable[index] && !Self.has(tried, index) && Self.has(admitted, index)
                && members[index].isHeld(requestClass, at: now)
                ? members[index].heldUntil[requestClass] : nil
        }.min()
    }

    /// How long a new entry will wait, in milliseconds, as far as can be told: so many are served
    /// before it, each for as long as others were lately, so many at a time.
    private func expectedWait(
        _ ask: PlaceAsk, _ open: [Int], _ now: Milliseconds
    ) -> Milliseconds? {
        guard let mean = holdTimes.mean(ask.requestClass) else { return nil }
        let places = open.reduce(0) { sum, member in
            let bounds = [settings.memberConcurrency, limit(member, ask.requestClass)]
            return sum + (bounds.filter { $0 > 0 }.min() ?? 0)
        }
        let before = queue.ahead(of: ask.viewer, ask.requestClass)
        return Milliseconds(Double(before) * mean / Double(max(1, places)))
    }

    mutating func refuse(_ refusal: QueueRefusal) { refusals[refusal, default: 0] += 1 }

    // MARK: members that ask to be left alone

    /// A member asked to be left alone with a class. A longer wait that it asked for counts on.
    ///
    /// - Returns: who waits and has nobody left to wait for; they are in the queue no more.
    mutating func hold(
        _ member: Int, _ requestClass: RequestClass, until: Milliseconds, at now: Milliseconds
    ) -> [QueuedFetch] {
        members[member].heldUntil[requestClass] = max(
            members[member].heldUntil[requestClass], until)
        let places = self
        return queue.removeAll(of: requestClass) {
            places.open(
                $0.tried, requestClass, now, places.admitted($0.wish, $0.tried, now)
            ).isEmpty
        }
    }

    // MARK: a second member for what is slow

    /// Another member for a tile that is slow, if one is well and has a place, and the budget has a
    /// request left, which is then taken.
    mutating func chooseHedge(
        tried: UInt64, at now: Milliseconds, _ wish: MemberWish = .any
    ) -> Int? {
        guard hedging.hasToken else { return nil }
        let tokens = hedging
        guard
            let member = chooseRetry(
                tried: tried, onlyFit: true, isFree: true, at: now, wish, for: .tiles)
        else { return nil }
        // It is no request of a viewer's, from which the budget would grow.
        hedging = tokens
        hedging.take()
        return member
    }

    // MARK: status

    var queueStatus: [QueueStatus] {
        RequestClass.allCases.map {
            QueueStatus(requestClass: $0.word.description, queued: queue.count(of: $0))
        }
    }
}

/// Those who wait for a member, of one class, as `/status` shows them.
public struct QueueStatus: Sendable, Codable {
    public var requestClass: String
    public var queued: Int
}
