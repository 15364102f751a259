import Caching
import CloudFront
import HTTP
import Reactor

// Which page of the distribution stands in for an error.
extension LoopState where N: ~Copyable {
    /// The page that is shown now; where no error is known, those that would be.
    mutating func errorPages(_ exchange: Exchange) -> [Explanation.ErrorPage] {
        let pages = configuredErrorPages(exchange.behavior).filter {
            $0.status < 500 || !exchange.givesPicture
        }
        guard let status = knownError(exchange) else { return pages }
        return shown(for: status, of: pages)
    }

    /// Of a request that is refused.
    func errorPages(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) -> [Explanation.ErrorPage] {
        guard hot[behavior].traits.contains(.screens),
            let found = unsafe refusal(slot, bytes, behavior, facts), let status = found.status,
            found.mayShowPage(hot[behavior].policy)
        else { return [] }
        return shown(for: status, of: configuredErrorPages(behavior))
    }

    private func configuredErrorPages(_ behavior: Int) -> [Explanation.ErrorPage] {
        guard hot[behavior].traits.contains(.hasErrorPages),
            let config = snapshot.settings.distribution?.distribution.config
        else { return [] }
        return config.customErrorResponses.compactMap { response in
            response.page.map {
                Explanation.ErrorPage(
                    status: response.errorCode, path: $0.path, responseCode: $0.responseCode,
                    minTTL: .seconds(response.errorCachingMinTTL))
            }
        }
    }

    private func shown(
        for status: Int, of pages: [Explanation.ErrorPage]
    ) -> [Explanation.ErrorPage] {
        pages.filter { $0.status == status }.prefix(1).map { page in
            var page = page
            page.isShown = true
            return page
        }
    }

    /// The error that is answered without asking the origin.
    private mutating func knownError(_ exchange: Exchange) -> Int? {
        if exchange.decision.reason == .cachedError {
            return exchange.entry.map { Int($0.header.status) }
        }
        guard let failure = knownFailure(exchange) else { return nil }
        if let entry = exchange.entry, mayServeStale(exchange, entry, .status(failure.status)) {
            return nil
        }
        return failure.status
    }
}

extension Refusal {
    /// The error's status; nil: it is none.
    var status: Int? {
        switch self {
        case .redirect: nil
        case .signature(let denial): denial.status
        default: 403
        }
    }
}
