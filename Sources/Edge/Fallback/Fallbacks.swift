import Caching
import HTTP
import Reactor
import Tiles

/// What a viewer gets where neither the origin nor the store has an answer: something its program
/// can use (law 7).
enum Fallback: Equatable {
    /// A picture of the size and format asked for.
    case picture(MapRequest)
    case document(ExceptionDialect)
    case json(ExceptionDialect)
    /// A page for people, with the notice.
    case page

    /// The word in `X-Edge-Degraded` and `explain`.
    var word: StaticString {
        switch self {
        case .picture: "blank-tile"
        case .document, .json: "exception"
        case .page: "page"
        }
    }
}

/// A picture to be made in place of a tile, and why.
struct MapPicture {
    var request: MapRequest
    var detail: StaticString
    var result = ResultType.error
    /// What the origin said in place of one.
    var said: ServiceException?

    /// The origin's words, for whoever wants them within the picture.
    var words: BlankTile.Picture? {
        guard request.exceptions == .inImage, let said else { return nil }
        return TextPicture.picture(for: request, text: said.words)
    }
}

/// A stored tile from further up, and the part of it that is wanted.
struct AncestorPicture: Sendable {
    var bytes: [UInt8]
    var part: TilePart

    /// The part enlarged to a picture of that size; takes milliseconds, so off the loops. nil if
    /// the tile is of another size, or no sound PNG.
    func enlarged(width: Int, height: Int) -> [UInt8]? {
        guard let source = unsafe try? PNG.decode(bytes.span.bytes), source.width == width,
            source.height == height
        else { return nil }
        let resampling: Resampling = source.layout == .indexed ? .nearest : .bilinear
        return PNG.encode(source.enlarged(part, resampling), level: 1)
    }
}

extension Exchange {
    /// nil: an error in the edge's own words.
    var fallback: Fallback? {
        switch policy.mapClass {
        case .none: return nil
        case .pages where map?.isImage != true:
            return snapshot.notices.settings.delivery != .off && wantsPage ? .page : nil
        case .pages, .tiles, .capabilities, .features: break
        }
        // What is posted may be a write: it gets its answer from whoever it was written to, or an
        // error that nobody takes for an invitation to write once more.
        guard head.method == .get || head.method == .head else { return nil }
        let answer = unsafe bytes.withUnsafeBytes { bytes in
            unsafe ExceptionAnswer.choose(
                path: bytes.bytes.extracting(head.path.range),
                query: bytes.bytes.extracting(head.query.range))
        }
        switch answer {
        case .picture(let request):
            // The size of a tile is its grid set's.
            var picture = map?.tile?.map ?? request
            picture.exceptions = request.exceptions
            return .picture(picture)
        case .document(let dialect): return .document(dialect)
        case .json(let dialect): return .json(dialect)
        case nil: return nil
        }
    }

    /// A map's client waits for a picture, whatever the status.
    var givesPicture: Bool { if case .picture = fallback { true } else { false } }

    /// A reader of pages asks: it says that it takes HTML.
    private var wantsPage: Bool {
        guard head.method == .get || head.method == .head else { return false }
        var line = head.fields.first(.accept)
        while let index = line {
            let value = [UInt8](bytes[head.fields[index].value.range])
            if String(decoding: value, as: UTF8.self).lowercased().contains("text/html") {
                return true
            }
            line = head.fields.next(after: index, .accept)
        }
        return false
    }

    /// How a page of its behavior says that it lacks something; nil: no marker is set.
    var degradedMarker: DegradedMarker? { snapshot.settings.behaviors[behavior].degraded }
}

extension LoopState where N: ~Copyable {
    /// Answers with what the viewer's program can use in place of an error; false where there is
    /// no such thing.
    mutating func answersFallback(
        _ exchange: Exchange, _ status: Int, _ detail: StaticString, _ result: ResultType = .error
    ) -> Bool {
        guard status >= 500, exchange.page == nil, !exchange.hasResponded,
            let fallback = exchange.fallback
        else { return false }
        switch fallback {
        case .picture(let request):
            let said = refusal(exchange)
            let picture = MapPicture(
                request: request, detail: detail, result: result, said: said)
            if let words = picture.words {
                answer(exchange, picture, words)
            } else if !makesPicture(exchange, picture) {
                answer(exchange, picture, bytes: nil)
            }
        case .document(let dialect):
            var page = LocalPage(503, detail: detail, result: result)
            page.content = exception(exchange, detail).document(dialect)
            page.mediaType = dialect.contentType
            answer(exchange, page, fallback.word, .fallbackExceptions)
        case .json(let dialect):
            var page = LocalPage(503, detail: detail, result: result)
            page.content = exception(exchange, detail).json(dialect)
            page.mediaType = "application/json"
            answer(exchange, page, fallback.word, .fallbackExceptions)
        case .page:
            // What is no gateway's error was asked for: only-if-cached, a loop.
            guard (502...504).contains(status), exchange.decision.action != .gatewayTimeout else {
                return false
            }
            var page = LocalPage(503, detail: detail, result: result)
            let since = notice.since ?? outageBegan(exchange) ?? network.wallNow / 1_000
            let language = language(exchange)
            page.content = exchange.snapshot.notices.page(
                language, since: since, isNoticed: notice.since != nil)
            answer(exchange, page, fallback.word, .fallbackPages)
        }
        return true
    }

    private func exception(_ exchange: Exchange, _ detail: StaticString) -> ServiceException {
        if let said = refusal(exchange) { return said }
        let retry = exchange.retryAfter
        return ServiceException(
            text: "The map service does not answer (\(detail)); try again in \(retry) seconds.")
    }

    /// The origin was asked by WMS 1.1.1, and has refused in its words: who speaks another dialect
    /// gets them in that. False where they go out as they are.
    mutating func answersInDialect(_ exchange: Exchange) -> Bool {
        guard exchange.map?.isCanonical == true, exchange.map?.target != nil,
            case .document(let dialect) = exchange.fallback, dialect != .wms10,
            dialect != .wms11, let said = refusal(exchange)
        else { return false }
        var page = LocalPage(200, detail: "content-rejected")
        page.content = said.document(dialect)
        page.mediaType = dialect.contentType
        answer(exchange, page)
        return true
    }

    /// What the origin said in place of a picture, though in another form than was asked for.
    func refusal(_ exchange: Exchange) -> ServiceException? {
        guard let fetch = exchange.shared,
            fetch.look(exchange.id).head?.rejectedContent == .exception
        else { return nil }
        let prefix = fetch.prefix(ExceptionReport.prefixBytes)
        let report = unsafe ExceptionReport(prefix.span.bytes)
        let reason = report.code.map { " (\($0))" } ?? ""
        return ServiceException(
            code: report.code, locator: report.locator,
            text: unsafe ExceptionReport.text(in: prefix.span.bytes)
                ?? "The map server refused the request\(reason).")
    }

    /// The origin's words as a picture.
    private mutating func answer(
        _ exchange: Exchange, _ picture: MapPicture, _ words: BlankTile.Picture
    ) {
        var page = LocalPage(503, detail: picture.detail, result: picture.result)
        page.exception = picture.said?.line ?? []
        (page.content, page.mediaType) = (words.bytes, words.contentType)
        answer(exchange, page, "exception", .fallbackExceptions)
    }

    /// The picture that was made, or a blank one.
    mutating func answer(_ exchange: Exchange, _ picture: MapPicture, bytes: [UInt8]?) {
        var page = LocalPage(503, detail: picture.detail, result: picture.result)
        page.exception = picture.said?.line ?? []
        if let bytes {
            (page.content, page.mediaType) = (bytes, "image/png")
            answer(exchange, page, "ancestor-tile", .fallbackAncestors)
        } else {
            let blank = BlankTile.picture(for: picture.request)
            (page.content, page.mediaType) = (blank.bytes, blank.contentType)
            answer(exchange, page, "blank-tile", .fallbackBlanks)
        }
    }

    private mutating func answer(
        _ exchange: Exchange, _ page: LocalPage, _ word: StaticString, _ counter: Counter
    ) {
        counters.add(counter)
        var page = page
        page.retryAfter = exchange.retryAfter
        page.degraded = word
        page.since = outageBegan(exchange)
        answer(exchange, page)
    }

    /// Marks what is stored and stale because the origin fails.
    mutating func appendStale(_ behavior: Int, _ writer: inout HeadWriter) {
        guard hot[behavior].policy.mapClass != .none else { return }
        counters.add(.fallbackStale)
        // After a reload the exchange's own table may have another origin in its place.
        let origin = hot[behavior].origin
        let pool = snapshot.pools.indices.contains(origin) ? snapshot.pools[origin] : nil
        let since = pool.flatMap { outages.since($0.settings.id) }
        appendDegraded("stale", since: since.map { wallSeconds(atMonotonic: $0) }, &writer)
    }

    // MARK: pictures out of what is stored

    /// Largest stored tile that is enlarged, in bytes: four times the largest seen.
    private static var ancestorBytesMax: Int { 393_216 }

    /// Has a stored tile further up enlarged beside the loop; false where there is none, or too
    /// many are being made.
    private mutating func makesPicture(_ exchange: Exchange, _ picture: MapPicture) -> Bool {
        let settings = exchange.snapshot.notices.fallbacks
        guard settings.pictureJobs > shared.pictures.underWay,
            picture.request.format == .png || picture.request.format == .png8,
            !exchange.facts.hasSession, let found = ancestor(exchange)
        else { return false }
        if let fetch = exchange.shared { leave(fetch, exchange) }
        exchange.shared = nil
        leaveFetch(exchange)
        let (width, height) = (Int(picture.request.width), Int(picture.request.height))
        return make(exchange, .picture(picture), limit: settings.pictureJobs) {
            found.enlarged(width: width, height: height)
        }
    }

    /// The nearest tile further up that is stored, good enough, and at hand.
    mutating func ancestor(_ exchange: Exchange) -> AncestorPicture? {
        let levels = exchange.snapshot.notices.fallbacks.ancestorLevels
        for level in 1..<(max(0, min(levels, TilePart.levelsMax)) + 1) {
            guard let (canonical, part) = exchange.ancestorKey(levels: level) else { continue }
            let key = unsafe CacheKey.hash(canonical.span.bytes, seed: seed)
            guard let copy = storedCopy(key, canonical), let bytes = pictureBytes(exchange, copy)
            else { continue }
            return AncestorPicture(bytes: bytes, part: part)
        }
        return nil
    }

    /// A stored PNG's bytes, if this request may have it, and without waiting for the disk.
    private mutating func pictureBytes(_ exchange: Exchange, _ copy: StoredCopy) -> [UInt8]? {
        guard copy.header.status == 200, copy.header.kind == .complete,
            copy.header.bodyLength <= Self.ancestorBytesMax,
            mayServeStale(exchange, copy, .unreachable)
        else { return nil }
        let wasReading = isReading
        if !wasReading { beginReading() }
        defer { if !wasReading { endReading() } }
        return copy.withEntry { entry in
            guard isReady(entry), let bytes = wholeBody(entry),
                bytes.starts(with: [0x89, 0x50, 0x4E, 0x47])
            else { return nil }
            return bytes
        }
    }
}
