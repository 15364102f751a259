import Caching
import HTTP
import Reactor

/// Looks for tokens in a page as it comes from its origin, in gzip too; holds no more of it than
/// the search needs. Confined to the loop that fetches.
final class PageSearch {
    /// A longer page is not searched, and so not shared; in bytes as it came.
    static let bytesMax = 1 << 20
    /// The same once it is decompressed.
    private static let plainBytesMax = 8 << 20

    private var secrets: PageSecrets
    /// Of the text, as many bytes as say that it cannot be searched.
    private var start: [UInt8] = []
    private var gzip: GzipReader?
    /// Bytes of the body that were looked at, and those that the decompressor wants to see again.
    private var taken = 0
    private var rest: [UInt8] = []
    /// Why the page is not to be shared; nil: nothing was found so far.
    private(set) var refusal: StoreRefusal?
    /// What cuts tokens out instead, of the whole page at once; none of a page that is too long to
    /// be filled.
    private var cutter: TokenCutter?
    /// The page without its tokens; nil: it has none, or is its reader's own.
    private(set) var cut: (text: [UInt8], tokens: CutTokens)?
    /// Fields and text of what would be stored, where they are to be compared with other answers.
    private var print: PagePrint?
    /// The hash of them; nil: not all of the page is here, or it is its reader's own.
    private(set) var fingerprint: CacheKey?

    init(
        _ secrets: PageSecrets, isGzip: Bool, cutter: TokenCutter? = nil, print: PagePrint? = nil
    ) {
        self.secrets = secrets
        self.print = print
        self.cutter = cutter
        gzip = isGzip ? GzipReader(limit: Self.plainBytesMax) : nil
        if isGzip, gzip == nil { refusal = .notSearched }
    }

    /// What was not found so far is not looked for any more.
    func giveUp() { refusal = refusal ?? .notSearched }

    /// Looks at what has come since. True: the verdict is known.
    func settles(_ body: SharedFetch, isComplete: Bool) -> Bool {
        if refusal != nil { return true }
        let total = body.total
        guard total <= Self.bytesMax else {
            refusal = .notSearched
            return true
        }
        if total > NoticeSettings.pageBytesMax { cutter = nil }
        if let cutter {
            guard isComplete else { return false }
            if operate(cutter, body.prefix(total)) { return true }
            self.cutter = nil
        }
        if total > taken {
            look(at: body.bytes(from: taken))
            taken = total
        }
        if isComplete {
            secrets.end()
            let isCut = gzip?.isComplete == false && total > 0
            if isCut, refusal == nil { refusal = .notSearched }
        }
        if secrets.isFound { refusal = .token }
        if isComplete, refusal == nil { fingerprint = print?.value }
        return isComplete || refusal != nil
    }

    /// False: it is no page that could be filled in memory.
    private func operate(_ cutter: TokenCutter, _ body: [UInt8]) -> Bool {
        let limit = NoticeSettings.pageBytesMax
        guard
            let page = gzip == nil ? body : NoticeInjection.decompressed(body, limit: limit)
        else { return false }
        guard !PageCharset.isWide(page) else {
            refusal = .notSearched
            return true
        }
        switch cutter.cut(page) {
        case .whole:
            unsafe print?.update(page.span.bytes)
            fingerprint = print?.value
        case .cut(let text, let tokens):
            cut = (text, tokens)
            fingerprint = print?.value(ofCut: text, tokens)
        case .refused: refusal = .token
        }
        return true
    }

    private func look(at bytes: [UInt8]) {
        guard gzip != nil else {
            look(atPlain: bytes)
            return
        }
        rest += bytes
        var at = 0
        while at < rest.count, refusal == nil, !secrets.isFound {
            guard let (consumed, plain, isStuck) = decompress(from: at) else {
                refusal = .notSearched
                return
            }
            look(atPlain: plain)
            at += consumed
            if isStuck { break }
        }
        rest.removeFirst(at)
    }

    private func look(atPlain text: [UInt8]) {
        if start.count < PageCharset.markLength {
            start += text.prefix(PageCharset.markLength - start.count)
            if PageCharset.isWide(start) { giveUp() }
        }
        unsafe secrets.look(at: text.span.bytes)
        unsafe print?.update(text.span.bytes)
    }

    private func decompress(from start: Int) -> (consumed: Int, plain: [UInt8], isStuck: Bool)? {
        var step: GzipStep?
        let rest = rest
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { room, count in
            do throws(GzipError) {
                let done = unsafe try gzip?.read(
                    rest.span.bytes.extracting(start...),
                    into: UnsafeMutableRawBufferPointer(room))
                (step, count) = (done, done?.produced ?? 0)
            } catch {
                count = 0
            }
        }
        return step.map { ($0.consumed, plain, $0.consumed == 0 && $0.produced == 0) }
    }
}

extension LoopState where N: ~Copyable {
    /// The search that an answer needs before it may be shared; nil: it needs none.
    func search(for head: FetchedHead, _ exchange: Exchange) -> PageSearch? {
        // What is not for storing anyway may still be kept by a cache that does not know it.
        guard exchange.isAnonymous, exchange.head.method == .get,
            head.mayBeShared || head.start != nil || head.storability == .refused(.noFreshness),
            !head.confirmsStored, !head.deniesStored
        else { return nil }
        guard PageText.mayHoldTokens(head.blob) else { return nil }
        let facts = unsafe head.blob.withUnsafeBytes { unsafe NoticedFields.facts($0) }
        let secrets = PageSecrets(names: exchange.tokenNames, secrets: exchange.secrets(head))
        let search = PageSearch(
            secrets, isGzip: facts.coding == .gzip,
            cutter: facts.isHTML ? exchange.cutter(for: head) : nil,
            print: head.start == nil ? nil : PagePrint(head, seed: seed))
        // Of a part nobody knows what stands across its ends.
        let isPart = head.status == 206 || head.completes
        if facts.coding == nil || isPart || !PageText.isSearchable(head.blob) { search.giveUp() }
        return search
    }

    /// The head after the search.
    mutating func searched(
        _ head: FetchedHead, _ search: PageSearch?, _ fetch: Fetch
    ) -> FetchedHead {
        guard let search else { return head }
        if let refusal = search.refusal {
            if refusal == .token { counters.add(.pagesWithTokens) }
            return FetchedHead(head, refused: refusal)
        }
        var head = head
        if let start = head.start {
            if let refusal = refusal(of: start, search.fingerprint, head, fetch) {
                return FetchedHead(head, refused: refusal)
            }
            head = FetchedHead(head, isAlike: true)
        }
        guard let (text, tokens) = search.cut else { return head }
        // What lacks something is shown to one reader, whose tokens it has.
        return head.isDegraded
            ? FetchedHead(head, refused: .token)
            : FetchedHead(head, cut: CutPage(text: text, tokens: tokens))
    }
}

/// The hash of a page as it would be stored: its fields, and its text in no coding.
///
/// Not what tells the time alone; a lifetime is judged anew with each answer. Compressed bytes are
/// not the same twice: Django puts a name made up by chance in front of them.
struct PagePrint {
    private let fields: [UInt8]
    private let seed: (UInt64, UInt64)
    private var hash: ContentHash

    init(_ head: FetchedHead, seed: (UInt64, UInt64)) {
        self.seed = seed
        var block = unsafe head.bytes.withUnsafeBytes {
            unsafe HeaderBlob.withoutCookies(
                HeaderBlob.stored(head.head, bytes: $0, date: nil))
        }
        for name: StaticString in ["date", "expires"] {
            while let line = HeaderBlob.line(name, in: block) { block.removeSubrange(line) }
        }
        fields = block
        hash = ContentHash(seed: seed)
        unsafe hash.update((block + [13, 10]).span.bytes)
    }

    mutating func update(_ text: RawSpan) { hash.update(text) }

    var value: CacheKey { Self.key(hash) }

    /// The same of a page without its tokens; what else the fields say of its bytes was about them.
    func value(ofCut text: [UInt8], _ tokens: CutTokens) -> CacheKey {
        var hash = ContentHash(seed: seed)
        let block = HeaderBlob.withoutBodyFields(fields) + tokens.list + [13, 10, 13, 10]
        unsafe hash.update((block + text).span.bytes)
        return Self.key(hash)
    }

    private static func key(_ hash: ContentHash) -> CacheKey {
        let (high, low) = hash.value
        return CacheKey(high: high, low: low)
    }
}

/// Which responses are text that somebody's token may stand in.
enum PageText {
    private static let types = ["html", "xhtml", "json", "javascript"]

    /// Whether a token in it would be found: see ``PageCharset``.
    static func isSearchable(_ blob: [UInt8]) -> Bool {
        unsafe blob.withUnsafeBytes { bytes in
            guard let range = unsafe HeaderBlob.value("content-type", in: bytes) else {
                return true
            }
            return unsafe PageCharset.isSearchable(type: bytes.bytes.extracting(range))
        }
    }

    static func mayHoldTokens(_ blob: [UInt8]) -> Bool {
        unsafe blob.withUnsafeBytes { bytes in
            guard let range = unsafe HeaderBlob.value("content-type", in: bytes) else {
                return true
            }
            let type = unsafe String(decoding: bytes[range], as: UTF8.self).lowercased()
            return types.contains { type.prefix { $0 != ";" }.contains($0) }
        }
    }
}
