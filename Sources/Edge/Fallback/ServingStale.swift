import Caching
import HTTP
import Reactor
import Tiles

// What is stored and stale, where the origin cannot better it.
extension LoopState where N: ~Copyable {
    /// Stale, and the origin could not better it. An entry gone meanwhile means an error after all.
    ///
    /// - Parameter answer: the status by which the origin answered, 0 where it did not; nil where
    ///   nobody asked it.
    mutating func serveStale(_ exchange: Exchange, _ entry: StoredCopy, answer: Int? = nil) {
        counters.add(.staleServed)
        exchange.forward = answer.map { Forward(exchange, status: $0) }
        if !serveWhenReady(exchange, entry, reason: .staleIfError) {
            self.answer(exchange, 502, detail: "entry-gone", after: exchange.forward)
        }
    }

    /// Whether what is stored answers the request although the origin failed.
    func mayServeStale(_ exchange: Exchange, _ entry: StoredCopy, _ failure: OriginFailure)
        -> Bool
    {
        if case .serveStale = onFailure(exchange, entry, failure) { true } else { false }
    }

    /// Whether it does, or why not.
    func onFailure(_ exchange: Exchange, _ entry: StoredCopy, _ failure: OriginFailure)
        -> FailureDecision
    {
        if isLayerClosed(exchange) { return .relay(.notAFailure) }
        var facts = exchange.facts
        // The copy is what nobody was given, and so anybody's.
        if exchange.map?.keepsNobodysCopy == true { facts.setCredentialsAside() }
        return onOriginFailure(
            entry.header, failure: failure, policy: exchange.policy, request: facts,
            now: network.wallNow)
    }

    /// An origin's error that the viewer's program could not use: a gateway's, most often. One in
    /// the service's own words is passed on to whoever reads such. False: it goes out as it is.
    mutating func replaces(_ exchange: Exchange, _ head: FetchedHead) -> Bool {
        if head.status < 500 {
            return blanksRefusal(
                exchange, head.status, mediaType: head.mediaType,
                isEmpty: head.declaredLength == 0, "origin-error",
                after: Forward(exchange, status: head.status))
        }
        if case .document = exchange.fallback, head.isDocument { return false }
        if case .json = exchange.fallback, head.isDocument { return false }
        exchange.forward = Forward(exchange, status: head.head.status)
        return answersFallback(exchange, head.status, "origin-error")
    }

    /// An origin's refusal of a picture, such as GeoWebCache's 400 beyond a layer's extent: its
    /// page would be shown in pink, so that a blank picture takes its place, and nothing else
    /// changes. False: it goes out as it is.
    ///
    /// - Parameters:
    ///   - mediaType: the refusal's own; a picture is shown as it is.
    ///   - said: the exception that came with a good status.
    mutating func blanksRefusal(
        _ exchange: Exchange, _ status: Int, mediaType: [UInt8], isEmpty: Bool = false,
        _ detail: StaticString, after forward: Forward? = nil, said: ServiceException? = nil
    ) -> Bool {
        let isPicture = mediaType.starts(with: "image/".utf8) && !isEmpty
        guard Self.isAboutPicture(status), exchange.page == nil, !isPicture,
            case .picture(let request) = exchange.fallback
        else { return false }
        exchange.forward = forward
        let blank = BlankTile.picture(for: request)
        var page = LocalPage(status, detail: detail)
        (page.content, page.mediaType) = (blank.bytes, blank.contentType)
        page.degraded = "blank-tile"
        page.exception = said?.line ?? []
        counters.add(.fallbackBlanks)
        answer(exchange, page)
        return true
    }

    /// Whether a refusal is about the picture; others ask their viewer for something: to sign in.
    private static func isAboutPicture(_ status: Int) -> Bool {
        switch status {
        case 400, 403, 404, 410, 422: true
        default: false
        }
    }
}

extension FetchedHead {
    /// Its body is XML or JSON by its own account.
    fileprivate var isDocument: Bool {
        guard let index = head.fields.first(.contentType) else { return false }
        let value = String(decoding: bytes[head.fields[index].value.range], as: UTF8.self)
        return value.contains("xml") || value.contains("json")
    }
}
