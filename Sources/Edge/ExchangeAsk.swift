import Caching
import HTTP

// What the origin is asked for, which may be more than the viewer wants.
extension Exchange {
    /// The origin is asked for the whole, whatever part of it the viewer wants: what is stored is
    /// whole, and is to be confirmed or replaced; whether a map image is one, and the tag of what
    /// has the edge's own, show in the whole.
    var asksForWhole: Bool {
        !facts.hasRange || isRefresh
            || head.method == .get && (decision.action == .revalidate || tagsContent)
    }

    /// A part was asked for, by which a strict cache takes some errors to be about the part. To
    /// CloudFront each is the object's, and kept like any other.
    var wantsPart: Bool { !asksForWhole && policy.mode == .rfc9111 }

    /// A response that broke off before its viewer had any of it goes out as far as it came: so
    /// does CloudFront, which streams; others are better served by an error or something stale.
    func passesFragment(of head: FetchedHead) -> Bool {
        imported != nil && policy.mapClass == .none && !head.confirmsStored && !head.deniesStored
    }

    /// A HEAD whose 304 confirms what is stored, as a GET's does. A map image and its like are
    /// confirmed by a member's own validators, which a GET learns.
    var confirmsByHead: Bool {
        head.method == .head && decision.action == .revalidate && entry != nil && !tagsContent
    }

    /// Nobody waits for it: it refreshes what was served stale.
    var isRefresh: Bool { id.slot == .max }

    /// The request as the origin gets it.
    var asked: RequestFacts {
        var asked = facts
        if asksForWhole { asked.hasRange = false }
        return asked
    }

    /// Whether an answer that may not be shared ends the wait for it all the same: the origin's
    /// error about what is stored. CloudFront sends each on by itself.
    func isEndOfWaiters(_ head: FetchedHead) -> Bool {
        policy.mode == .rfc9111 && entry != nil && head.failureStatus != nil
    }

    /// Whether others may wait for the next answer, though this one was for who asked: it is to be
    /// confirmed, which would do for all of them. Not where it came in the place of a confirmation.
    func mayShareNext(after head: FetchedHead) -> Bool {
        guard policy.mode == .rfc9111, decision.action != .revalidate,
            case .storable(_, let flags) = head.storability
        else { return false }
        return head.facts.hasValidator && !flags.contains(.noCache)
    }

    /// Why it is served what the origin confirmed. To those who waited for another's question
    /// CloudFront calls it a Hit.
    var reasonOnceConfirmed: DecisionReason {
        !leads && policy.mode == .cloudfront ? .fresh : decision.reason
    }
}

extension LoopState where N: ~Copyable {
    /// A waiter whose leader's response it may not use: ask for itself, at once and alone, or with
    /// those for whom that was another variant, too.
    mutating func goAlone(_ exchange: Exchange, _ fetch: SharedFetch) {
        let head = fetch.look(exchange.id).head
        if let head, asksAsItself(exchange, head) || endsAsLeader(exchange, head) { return }
        counters.add(.uncollapsed)
        leave(fetch, exchange)
        setDeadline(exchange.id.slot, milliseconds: nil)
        // What can still be joined would be joined again, to no other end.
        if fetch.isPrefetch, !fetch.mayBeJoined { return obtainAnew(exchange) }
        if let variant = head?.variant, exchange.mayCollapse,
            collapse(exchange, ofVariant: variant)
        {
            return
        }
        (exchange.mayCollapse, exchange.outcome.isKnownHead) = (false, false)
        lead(exchange, fresh(exchange))
    }

    /// Who waited behind a revalidation that ended by the origin's error has its end, though the
    /// error is not his to read: what is stale if he may have it, or an error of the same status.
    /// An origin in trouble is not asked by each of those who waited (RFC 9111 §4.3.3).
    private mutating func endsAsLeader(_ exchange: Exchange, _ head: FetchedHead) -> Bool {
        guard exchange.fetch == nil, let status = head.failureStatus, let entry = exchange.entry,
            exchange.isEndOfWaiters(head)
        else { return false }
        if mayServeStale(exchange, entry, .status(status)) {
            serveStale(exchange, entry, answer: status)
        } else {
            answer(
                exchange, status, detail: "OriginError",
                after: Forward(exchange, status: status))
        }
        return true
    }
}
