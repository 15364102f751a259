import Caching
import HTTP
import Reactor

// `X-Edge-Explain: 1`: a line about the answer in its own head, and how it came about step by step,
// for who may know.
extension LoopState where N: ~Copyable {
    /// Entries looked at for near misses: other viewers wait meanwhile.
    private static var nearMissScanMax: Int { 2_000 }

    /// Remembers, before anything is done for it, what will be done with the request at hand: an
    /// answer changes what is stored. For requests that ask for it alone.
    @inline(never)
    mutating func foretell(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) {
        viewers[slot].foretold = []
        guard isOperator(slot, head.fields) else { return }
        // A request for the root object is parsed anew, as another one.
        let asked = head
        let told = unsafe explain(slot, bytes, scanLimit: Self.nearMissScanMax)
        head = asked
        viewers[slot].foretold = ExplainedSteps(told).bytes
    }

    /// Ends the line about the answer; the steps follow, where they were told.
    private func appendSteps(_ slot: UInt32, _ writer: inout HeadWriter) {
        writer.append("\r\n")
        unsafe writer.append(viewers[slot].foretold.span.bytes)
    }

    /// For an answer out of the store to the request at hand.
    mutating func appendExplanation(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry,
        _ decision: Decision, _ behavior: Int, _ writer: inout HeadWriter
    ) {
        guard isOperator(slot, head.fields) else { return }
        // A page that takes an error's place has key, behavior and lifetime of its own.
        let isPage = decision.reason == .cachedError && !entry.header.flags.contains(.negative)
        let path = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.path.range])
        let behavior = unsafe isPage ? hot.match(path, scratch: scratch.fields) : behavior
        let exchange = unsafe makeExchange(
            slot, bytes, behavior, RequestFacts(head, bytes: bytes.bytes), decision)
        if isPage {
            write(exchange, "show-error-page", decision.reason.word, nil, &writer)
            return appendSteps(slot, &writer)
        }
        let lifetime = exchange.lifetime(of: StoredCopy(entry, store: store))
        write(exchange, decision.action.word, decision.reason.word, lifetime, &writer)
        appendSteps(slot, &writer)
    }

    /// For an origin's answer.
    func appendExplanation(
        _ exchange: Exchange, _ fetched: FetchedHead, _ writer: inout HeadWriter
    ) {
        guard isOperator(exchange.id.slot, exchange.head.fields) else { return }
        if let page = exchange.page {
            write(
                page.original, "show-error-page", page.original.decision.reason.word, nil, &writer)
            return appendSteps(exchange.id.slot, &writer)
        }
        let decision = exchange.decision
        let lifetime = freshnessLifetime(
            fetched.facts, exchange.policy(for: fetched.facts.status), now: fetched.receivedAt)
        write(exchange, decision.action.word, decision.reason.word, lifetime, &writer)
        writer.append("; stored=")
        switch fetched.storability {
        case .refused(let refusal) where exchange.key != nil: writer.append(refusal.word)
        default: writer.append(fetched.isStorable && exchange.key != nil ? "yes" : "no")
        }
        if !exchange.takenOff.isEmpty {
            append("; taken-off=\"\(exchange.takenOff.joined(separator: ", "))\"", &writer)
        }
        appendSteps(exchange.id.slot, &writer)
    }

    /// For an answer of the edge's own.
    func appendExplanation(
        _ exchange: Exchange, _ detail: StaticString, _ writer: inout HeadWriter
    ) {
        guard isOperator(exchange.id.slot, exchange.head.fields) else { return }
        write(exchange, "answer-itself", detail, nil, &writer)
        appendSteps(exchange.id.slot, &writer)
    }

    private func write(
        _ exchange: Exchange, _ action: StaticString, _ reason: StaticString,
        _ lifetime: Lifetime?, _ writer: inout HeadWriter
    ) {
        writer.append("X-Edge-Explain: behavior=\"")
        // A pattern may hold quotes, and in a file anything.
        let pattern = snapshot.settings.behaviors[exchange.behavior].pattern
        append(pattern.filter { $0.isASCII && $0 >= " " && $0 != "\"" && $0 != "\\" }, &writer)
        writer.append("\"; key=")
        append(
            exchange.explainedKey.map { unsafe hex(CacheKey.hash($0.span.bytes, seed: seed)) }
                ?? "none",
            &writer)
        writer.append("; action=")
        writer.append(action)
        writer.append("; reason=")
        writer.append(reason)
        guard let lifetime else { return }
        writer.append("; lifetime=")
        writer.appendDecimal(UInt64(lifetime.milliseconds / 1_000))
        writer.append("; source=")
        writer.append(lifetime.source.word)
        if lifetime.bound != .none { append("; bound=\(lifetime.bound.word)", &writer) }
    }
}

extension Exchange {
    /// Remembers, for who asks how the answer came about, that a field of the origin's, or a part
    /// of it, goes no further.
    func noteTakenOff(_ name: String) {
        guard head.fields.contains(.xEdgeExplain), !takenOff.contains(name) else { return }
        takenOff.append(name)
    }

    /// The key of the request's target, whether or not the store has a part in it; nil where none
    /// can be formed.
    fileprivate var explainedKey: [UInt8]? {
        if !canonical.isEmpty { return canonical }
        var target = [UInt8](bytes[head.path.range])
        if head.hasQuery { target += [63] + bytes[head.query.range] }
        if let asked = askedTarget { target = asked }
        let canonical = canonicalKey(of: target)
        return canonical.isEmpty ? nil : canonical
    }
}
