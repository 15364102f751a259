// What RFC 9111 says of using a response again, in worlds whose edge goes by the letter.
extension Ledger {
    /// What is not to be used again is one viewer's alone, whether or not others waited for it
    /// (§5.2.2.4); what is asked for anew is no older than the question (§5.2.1); and nothing
    /// outlives its lifetime, not even on its way (§4.2).
    func judgeReuse(_ response: SentResponse, _ serial: Int, _ ask: Ask, _ place: String) {
        guard isLetter, let resource = response.resource else { return }
        let wish = Wish(resource.cacheControl)
        if wish.forbidsReuse, !spent.insert(serial).inserted {
            violate("\(place) is used again, though \(resource.cacheControl ?? "") forbids it")
        }
        // An origin's failure lets what is stale be used.
        if mayFail || ask.takesStale || response.madeAt >= ask.sentAt { return }
        if ask.wantsNew { violate("\(place) is older than the question, which wants none such") }
        guard let lifetime = wish.lifetime else { return }
        let window = max(wish.staleWhileRevalidate ?? 0, staleWhileRevalidate)
        let age = seconds(from: response.madeAt, to: ask.sentAt)
        if age > lifetime + window + slack {
            violate("\(place) lives \(lifetime) s and was asked for \(age) s after it was made")
        }
    }
}
