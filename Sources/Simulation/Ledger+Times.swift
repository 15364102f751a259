// What a distribution says of lifetimes: nothing is served after its own, and the origin is not
// asked again before.
extension Ledger {
    /// A response that a viewer has had whole, so that it is stored.
    struct Held {
        var madeAt: UInt64
        var seenAt: UInt64
        var until: UInt64
    }

    /// Seconds by which nobody counts: a response is under way for a while, ages are rounded, and
    /// clocks are set back.
    var slack: Int { 2 + Int((world.clock.setBackTotal + 999) / 1_000) }

    func seconds(from start: UInt64, to end: UInt64) -> Int {
        end < start ? 0 : Int((end - start) / 1_000_000_000)
    }

    /// How long a response is fresh, in seconds; nil: that is not for this ledger to say.
    func lifetime(of response: SentResponse) -> Int? {
        guard let resource = response.resource else { return nil }
        guard let distribution else { return Wish(resource.cacheControl).lifetime }
        return distribution.lifetime(
            of: response.target, response.status, Wish(resource.cacheControl))
    }

    /// Judges a response by how old it is, and notes how long it makes further fetches needless.
    func judgeTimes(
        _ message: MessageReader.Message, _ response: SentResponse, _ ask: Ask, isCut: Bool,
        _ place: String
    ) {
        guard distribution != nil, !mayFail, let resource = response.resource,
            let lifetime = lifetime(of: response)
        else { return }
        let age = seconds(from: response.madeAt, to: ask.sentAt)
        let window = Wish(resource.cacheControl).staleWhileRevalidate ?? 0
        if age > lifetime + window + slack {
            violate("\(place) lives \(lifetime) s and was asked for \(age) s after it was made")
        }
        guard ask.method == "GET", !ask.isRange, !isCut, message.head.status == response.status
        else { return }
        held[ask.key] = Held(
            madeAt: response.madeAt, seenAt: world.now,
            until: response.madeAt + UInt64(lifetime) * 1_000_000_000)
    }

    /// A request for a whole response has reached an origin.
    func judgeNeed(of key: String, for target: String) {
        guard let held = held[key], !mayFail, world.now > held.seenAt + 500_000_000,
            world.now + UInt64(slack) * 1_000_000_000 < held.until,
            !hasOrder(for: target, since: held.madeAt - Self.longestWay)
        else { return }
        violate("\(key) is fetched again, and lives \(seconds(from: world.now, to: held.until)) s")
    }
}
