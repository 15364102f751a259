import Caching
import HTTP
import Reactor

/// What a configuration says of notices, as the loops need it.
struct NoticeBook: Sendable {
    let settings: NoticeSettings
    let fallbacks: FallbackSettings
    /// Ids of the origins whose outage is told of.
    let watched: [String]
    let marker: [UInt8]
    /// The path of what is served to scripts, with a slash at its end; empty: nothing is.
    let scriptPath: [UInt8]
    private let name: String

    init(_ settings: Settings) {
        self.settings = settings.notices
        fallbacks = settings.fallbacks
        name = settings.name
        let mapClasses: [MapClass] = [.tiles, .capabilities, .features]
        let ofMaps = settings.behaviors.filter { mapClasses.contains($0.policy.mapClass) }
            .map(\.origin)
        let watch = settings.notices.watch ?? ofMaps
        watched = settings.origins.indices.filter { watch.contains($0) }
            .map { settings.origins[$0].id }
        marker = Array(settings.notices.marker.utf8)
        scriptPath = settings.notices.script.map { Array("\($0)/".utf8) } ?? []
    }

    /// The languages at hand, in their order.
    var languages: [String] { settings.texts.map(\.language) }

    /// The notice in each language; `since` in seconds since 1970.
    func notices(since: Int64) -> [[UInt8]] {
        settings.texts.map { texts in
            texts.notice.filled(
                NoticeTemplate.Filling(since: since, retry: fallbacks.retryAfter, name: name))
        }
    }

    /// The page for whoever reads that language. `isNoticed`: with the notice, which is about the
    /// origins that are watched, and not about the page's.
    func page(_ language: Int, since: Int64, isNoticed: Bool) -> [UInt8] {
        var filling = NoticeTemplate.Filling(since: since, retry: fallbacks.retryAfter, name: name)
        if isNoticed { filling.notice = notice(language, filling) }
        return settings.texts[language].page.filled(filling)
    }

    private func notice(_ language: Int, _ filling: NoticeTemplate.Filling) -> [UInt8] {
        settings.texts[language].notice.filled(filling)
    }
}

/// What one loop knows of outages: read at each tick, so that a request need not.
struct LoopNotice {
    /// Of the board when it was read.
    var version: UInt64 = 0
    /// When the first of the watched outages began that are not over, in seconds since 1970; nil:
    /// there is none.
    var since: Int64?
    /// The notice in each language, while there is one.
    var texts: [[UInt8]] = []
}

extension LoopState where N: ~Copyable {
    /// An outage began or ended somewhere, or another configuration is in force.
    mutating func readOutages() {
        notice.version = outages.version
        for change in outages.takeUntold() {
            shared.events.note(change.event(at: network.monotonicMilliseconds))
        }
        let book = snapshot.notices
        let begun = book.watched.compactMap { outages.since($0) }.min()
        notice.since = begun.map { wallSeconds(atMonotonic: $0) }
        notice.texts = notice.since.map { book.notices(since: $0) } ?? []
        isNoticing = notice.since != nil && book.settings.delivery == .inject
    }

    /// The wall clock's time at a moment of the monotonic one, in seconds.
    func wallSeconds(atMonotonic moment: Milliseconds) -> Int64 {
        network.wallNow.subtracting(network.monotonicMilliseconds - moment) / 1_000
    }

    /// When the outage of the exchange's origin began, in seconds since 1970; nil: there is none.
    func outageBegan(_ exchange: Exchange) -> Int64? {
        outages.since(exchange.pool.settings.id).map { wallSeconds(atMonotonic: $0) }
    }

    /// The language of the page, or what its reader asks for.
    func language(_ exchange: Exchange, page: [UInt8] = []) -> Int {
        let languages = exchange.snapshot.notices.languages
        if !page.isEmpty { return LanguageChoice.best(page, of: languages) }
        guard let line = exchange.head.fields.first(.acceptLanguage) else { return 0 }
        return LanguageChoice.best(
            [UInt8](exchange.bytes[exchange.head.fields[line].value.range]), of: languages)
    }
}
