import Caching
import CloudFront
import HTTP
import Reactor

/// Why a distribution does not serve a request at all.
enum Refusal {
    /// No alias of this distribution.
    case unknownHost
    case disabled
    case countryBlocked
    /// To the same URL over TLS, with this status.
    case redirect(Int)
    case notSecured
    case method
    /// GET or HEAD with a body.
    case body
    case signature(AccessDenial)
    /// It has passed through more than two distributions.
    case stacked
    /// `/`, where the root object's name begins with a slash.
    case rootObject

    /// Whether the distribution itself refuses, and shows its page: a strange host or a disabled
    /// distribution is none of its business.
    var isOfDistribution: Bool {
        switch self {
        case .unknownHost, .disabled, .stacked: false
        default: true
        }
    }

    /// That an error page takes the place of a country's refusal is documented, of others not.
    func mayShowPage(_ policy: BehaviorPolicy) -> Bool {
        if case .countryBlocked = self { return true }
        return isOfDistribution && policy.pagesForRefusals
    }

    /// The word in log and `Cache-Status`.
    var word: StaticString {
        switch self {
        case .unknownHost: "unknown-host"
        case .disabled: "distribution-disabled"
        case .countryBlocked: "country-blocked"
        case .redirect: "redirect-to-https"
        case .notSecured: "https-only"
        case .method: "method-not-allowed"
        case .body: "body-not-supported"
        case .signature: "signature"
        case .stacked: "too-many-distributions"
        case .rootObject: "root-object-begins-with-slash"
        }
    }

    /// What CloudFront's page says.
    var sentence: ErrorPage.Reason {
        switch self {
        case .method: .methodNotAllowed
        case .countryBlocked: .countryBlocked
        case .signature, .redirect, .unknownHost, .disabled, .notSecured, .body, .stacked,
            .rootObject:
            .badRequest
        }
    }
}

/// What screening needs of a distribution: plain values in memory of the snapshot.
@safe  // points into its table, which outlives it
struct HotScreening {
    var isEnabled = true
    /// Names that are served, each followed by a zero byte; empty: any.
    var hosts = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    var restriction = GeoRestriction.RestrictionType.none
    /// Two bytes for each country of the restriction.
    var countries = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// The checks in an order of their own, a byte for each; empty: CloudFront's as listed, and
    /// no other.
    var checks = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    var refusesRoot = false

    init() {}

    init(_ settings: DistributionSettings, _ text: HotText) {
        let config = settings.distribution.config
        isEnabled = config.isEnabled
        if settings.isStrictAboutAliases {
            let names = config.aliases + [settings.domainName]
            unsafe hosts = unsafe text.keep(names.map { $0.lowercased() + "\0" }.joined())
        }
        restriction = config.geoRestriction.type
        unsafe countries = unsafe text.keep(config.geoRestriction.countries.joined())
        refusesRoot = config.refusesRoot
        let order = settings.readings.checks
        if refusesRoot || order != DistributionReadings.Check.allCases {
            let letters = order.map { Character(Unicode.Scalar($0.rawValue)) }
            unsafe checks = unsafe text.keep(String(letters))
        }
    }

    /// Whether the host, without its port, is one of the distribution's; `*.` stands for one label
    /// or more.
    func serves(_ host: RawSpan) -> Bool {
        if unsafe hosts.isEmpty { return true }
        var start = 0
        while unsafe start < hosts.count {
            var end = start
            while unsafe hosts[end] != 0 { end += 1 }
            let name = unsafe UnsafeRawBufferPointer(rebasing: hosts[start..<end]).bytes
            if Self.isNamed(host, name) { return true }
            start = end + 1
        }
        return false
    }

    static func isNamed(_ host: RawSpan, _ name: RawSpan) -> Bool {
        guard name.byteCount > 2, equalsExactly(name.extracting(0..<2), "*.") else {
            return equalsIgnoringCase(host, name)
        }
        let suffix = name.extracting(1..<name.byteCount)
        let start = host.byteCount - suffix.byteCount
        return start > 0
            && equalsIgnoringCase(host.extracting(start..<host.byteCount), suffix)
    }

    /// Who comes from nowhere known is served.
    func serves(country: UInt16) -> Bool {
        guard restriction != .none, country != 0 else { return true }
        var isListed = false
        for at in unsafe stride(from: 0, to: countries.count, by: 2)
        where unsafe UInt16(countries[at]) << 8 | UInt16(countries[at + 1]) == country {
            isListed = true
        }
        return isListed == (restriction == .whitelist)
    }
}

// The checks that come before the cache, in CloudFront's order. Source: CloudFront, "Request and
// response behavior"; the order among them is our reading.
extension LoopState where N: ~Copyable {
    /// Whether the request was answered because the distribution does not serve it.
    mutating func screens(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) -> Bool {
        guard let refusal = unsafe refusal(slot, bytes, behavior, facts) else { return false }
        counters.reject(.notAllowed)
        let exchange = unsafe makeExchange(slot, bytes, behavior, facts, Decision(.pass, .method))
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        answer(exchange, refusal)
        return true
    }

    func refusal(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) -> Refusal? {
        guard unsafe hot[behavior].imported != nil else { return nil }
        let order = unsafe hot.screening.checks
        if unsafe order.isEmpty {
            return unsafe refusalBeforeBehavior(slot, bytes)
                ?? refusalByScheme(slot, bytes, behavior) ?? refusalByMethod(behavior)
                ?? refusalOfBody(facts) ?? refusalBySignature(slot, bytes, behavior)
                ?? refusalOfStack(bytes)
        }
        for index in order.indices {
            if let check = unsafe DistributionReadings.Check(rawValue: order[index]),
                let refusal = unsafe refusal(by: check, slot, bytes, behavior, facts)
            {
                return refusal
            }
        }
        return unsafe hot.screening.refusesRoot && namesRoot(bytes) ? .rootObject : nil
    }

    /// What one check alone comes to.
    func refusal(
        by check: DistributionReadings.Check, _ slot: UInt32, _ bytes: UnsafeRawBufferPointer,
        _ behavior: Int, _ facts: RequestFacts
    ) -> Refusal? {
        switch check {
        case .host: unsafe refusalOfHost(bytes)
        case .enabled: hot.screening.isEnabled ? nil : .disabled
        case .country: unsafe refusalOfCountry(slot, bytes)
        case .scheme: unsafe refusalByScheme(slot, bytes, behavior)
        case .method: refusalByMethod(behavior)
        case .body: refusalOfBody(facts)
        case .signature: unsafe refusalBySignature(slot, bytes, behavior)
        case .stacked: unsafe refusalOfStack(bytes)
        }
    }

    @inline(__always)
    private func refusalBeforeBehavior(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer
    ) -> Refusal? {
        if let refusal = unsafe refusalOfHost(bytes) { return refusal }
        if !hot.screening.isEnabled { return .disabled }
        return unsafe refusalOfCountry(slot, bytes)
    }

    @inline(__always)
    private func refusalOfHost(_ bytes: UnsafeRawBufferPointer) -> Refusal? {
        // Where any is served nobody looks for where it ends.
        if unsafe hot.screening.hosts.isEmpty { return nil }
        return unsafe hot.screening.serves(host(bytes).bytes) ? nil : .unknownHost
    }

    @inline(__always)
    private func refusalOfCountry(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> Refusal? {
        let screening = hot.screening
        guard screening.restriction != .none,
            unsafe !screening.serves(country: viewerFacts(slot, head, bytes).country)
        else { return nil }
        return .countryBlocked
    }

    @inline(__always)
    private func refusalByScheme(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int
    ) -> Refusal? {
        guard let imported = unsafe hot[behavior].imported else { return nil }
        let rule = unsafe imported._withUnsafeGuaranteedRef { $0.viewerProtocolPolicy }
        // How the viewer came is not looked for where it does not matter.
        if rule == .allowAll { return nil }
        switch unsafe rule.verdict(
            usesTLS: usesTLS(slot, head, bytes, behavior), method: head.method,
            minorVersion: head.minorVersion)
        {
        case .passes: return nil
        case .redirects(let status): return .redirect(status)
        case .refuses: return .notSecured
        }
    }

    @inline(__always)
    private func refusalByMethod(_ behavior: Int) -> Refusal? {
        guard let imported = unsafe hot[behavior].imported else { return nil }
        let methods = unsafe imported._withUnsafeGuaranteedRef { $0.allowedMethods }
        return methods.contains(head.method) ? nil : .method
    }

    @inline(__always)
    private func refusalOfBody(_ facts: RequestFacts) -> Refusal? {
        facts.hasBody && (head.method == .get || head.method == .head) ? .body : nil
    }

    @inline(__always)
    private func refusalBySignature(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int
    ) -> Refusal? {
        guard hot[behavior].traits.contains(.requiresSignature),
            let denial = unsafe denial(
                slot, bytes, behavior, usesTLS(slot, head, bytes, behavior))
        else { return nil }
        return .signature(denial)
    }

    @inline(__always)
    private func refusalOfStack(_ bytes: UnsafeRawBufferPointer) -> Refusal? {
        unsafe hot.isTwin && head.fields.contains(.via) && isStacked(bytes) ? .stacked : nil
    }

    /// Says why the request is not served: 403 or a redirect.
    private mutating func answer(_ exchange: Exchange, _ refusal: Refusal) {
        exchange.outcome.detail = refusal.word
        switch refusal {
        case .redirect(let status):
            var page = localPage(
                status, detail: refusal.word, requestID: exchange.outcome.requestID)
            page.result = .redirect
            if hot.isTwin {
                page.mediaType = RedirectPage.contentType
                page.content = Array(RedirectPage.body(status).description.utf8)
            }
            page.location = exchange.securedURL
            answer(exchange, page)
        case .signature(let denial):
            if exchange.policy.pagesForRefusals, showsPage(exchange, for: denial.status) {
                return
            }
            let readings = exchange.snapshot.settings.distribution?.readings
            var page = LocalPage(denial.status, detail: refusal.word)
            page.mediaType = AccessDenial.contentType
            page.content = Array((readings?.body(denial) ?? denial.body).utf8)
            answer(exchange, page)
        default:
            if refusal.mayShowPage(exchange.policy), showsPage(exchange, for: 403) { return }
            answer(
                exchange,
                localPage(
                    403, detail: refusal.word, requestID: exchange.outcome.requestID,
                    sentence: refusal.sentence))
        }
    }

    /// The host that was asked for, without its port.
    func host(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        unsafe hostPart(of: UnsafeRawBufferPointer(rebasing: bytes[head.authority.range]))
    }

    /// An authority without its port.
    func hostPart(of host: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let last = unsafe host.last, last != UInt8(ascii: "]"),
            let colon = unsafe host.lastIndex(of: UInt8(ascii: ":"))
        else { return unsafe host }
        return unsafe UnsafeRawBufferPointer(rebasing: host[..<colon])
    }

    private func denial(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ usesTLS: Bool
    ) -> AccessDenial? {
        guard let signers = snapshot.signers[behavior] else { return .invalidKey }
        do throws(AccessDenial) {
            unsafe try signers.access.judge(
                head, bytes: bytes.bytes, scheme: usesTLS ? "https" : "http",
                viewer: viewerAddress(slot, head, bytes).ipText, now: network.wallNow / 1_000
            ) { id, algorithm, message, signature in
                signers.keys[id]?.verifies(
                    signature, of: message, by: algorithm == .sha1 ? .sha1 : .sha256) ?? false
            }
            return nil
        } catch {
            return error
        }
    }

    /// More than two distributions one behind the other are refused.
    private func isStacked(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var count = 0
        var line = head.fields.first(.via)
        while let at = line {
            let value = unsafe bytes.bytes.extracting(head.fields[at].value.range)
            count += value.count(of: ".cloudfront.net (CloudFront)")
            line = head.fields.next(after: at, .via)
        }
        return count >= 2
    }
}

extension Exchange {
    /// Its own URL with https.
    fileprivate var securedURL: [UInt8] {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe [UInt8](unsafeUninitializedCapacity: head.length + 16) { buffer, count in
                var writer = unsafe HeadWriter(UnsafeMutableRawBufferPointer(buffer))
                unsafe RedirectPage.writeLocation(head, bytes: bytes.bytes, to: &writer)
                count = writer.count
            }
        }
    }
}

extension RawSpan {
    /// How often `word` occurs, byte for byte.
    fileprivate func count(of word: StaticString) -> Int {
        let length = word.utf8CodeUnitCount
        var (at, count) = (0, 0)
        while at + length <= byteCount {
            if equalsExactly(extracting(at..<at + length), word) {
                count += 1
                at += length
            } else {
                at += 1
            }
        }
        return count
    }
}
