import Caching
import CloudFront
import Glibc
import HTTP
import Reactor
import Tiles

/// A behavior as the hit path reads it: no references, so that reading it retains nothing.
@safe  // points into its table, which outlives it
struct HotBehavior {
    var policy: BehaviorPolicy
    var origin: Int
    /// The pattern's bytes; empty for one that matches every path.
    var pattern: UnsafeRawBufferPointer
    /// How every path that matches begins: most patterns are told apart by that.
    var start: PathStart
    /// Cookie names of sessions, each followed by a zero byte.
    var sessionCookies: UnsafeRawBufferPointer
    /// Classes of cookies, as `CookieClasses` reads them, and the site's languages; class pages.
    var cookies: UnsafeRawBufferPointer
    /// The cookie whose secret its pages have; empty: none.
    var formCookie: UnsafeRawBufferPointer
    var languages: UnsafeRawBufferPointer
    var traits: BehaviorTraits
    /// What of the CloudFront- fields that cost something is in the key.
    var keyed: GeneratedNeeds
    /// What an imported distribution says of it; the table owns it.
    var imported: Unmanaged<ImportedPolicies>?
    /// By what maps get their one key; the table owns it.
    var maps: HotMaps?
    var pictureTTL: PictureTTL?
    /// Frames that are fetched ahead of who plays.
    var playbackFrames: Int

    /// CloudFront- fields are in the key.
    var keysGenerated: Bool { traits.contains(.keysGenerated) }
    /// What a map server is asked for is read before it is looked up.
    var readsMaps: Bool { maps != nil || traits.contains(.dropsCacheBusters) }
}

/// Map services as the hit path reads them.
@safe  // its table owns them, and outlives it
struct HotMaps {
    let services: Unmanaged<MapServices>
    /// Those that go by no style's meaning, which the former own; nil: nor do these.
    let withoutStyles: Unmanaged<MapServices>?
    let styleChange: UInt64

    init(retaining services: MapServices) {
        unsafe self.services = .passRetained(services)
        unsafe withoutStyles = services.withoutStyles.map { unsafe .passUnretained($0) }
        styleChange = services.styleChange
    }
}

/// An imported behavior as hits use it: an object, so that what its policies have of arrays is read
/// where it lies. Through a pointer to a struct each call would copy them, references and all.
final class ImportedPolicies: Sendable {
    let key: KeySelection
    /// Adds and removes nothing where the behavior has none.
    let responseHeaders: ResponseHeadersPolicy
    let allowedMethods: MethodSet
    let viewerProtocolPolicy: CacheBehavior.ViewerProtocolPolicy

    init(_ behavior: CloudFront.Behavior) {
        key = behavior.key
        responseHeaders = behavior.responseHeaders ?? ResponseHeadersPolicy(id: "", name: "")
        allowedMethods = behavior.allowedMethods
        viewerProtocolPolicy = behavior.viewerProtocolPolicy
    }
}

/// What of a behavior is out of the ordinary, so that ordinary ones pay one test for it.
struct BehaviorTraits: OptionSet {
    let rawValue: UInt16

    /// Requests are to be looked at before they are answered: `Screening`.
    static let screens = BehaviorTraits(rawValue: 1)
    /// CloudFront- fields are in the key.
    static let keysGenerated = BehaviorTraits(rawValue: 2)
    /// A response headers policy edits what viewers get.
    static let editsResponses = BehaviorTraits(rawValue: 4)
    /// Errors may be shown as pages of the distribution.
    static let hasErrorPages = BehaviorTraits(rawValue: 8)
    /// Requests must be signed.
    static let requiresSignature = BehaviorTraits(rawValue: 16)
    /// Some responses have Server-Timing.
    static let timesResponses = BehaviorTraits(rawValue: 32)
    /// The response headers policy removes Date, so that the edge brings its own.
    static let datesResponses = BehaviorTraits(rawValue: 64)
    /// If-Match and If-Unmodified-Since do not get to the origin, so that nobody would judge them.
    static let dropsPreconditions = BehaviorTraits(rawValue: 128)
    /// Class pages: whose page it is decides before anything is looked up.
    static let pages = BehaviorTraits(rawValue: 256)
    /// The key tells languages apart.
    static let keysLanguage = BehaviorTraits(rawValue: 512)
    /// The next frames of what a viewer plays are fetched ahead.
    static let plays = BehaviorTraits(rawValue: 1_024)
    /// Pages are stored without their readers' tokens.
    static let cutsTokens = BehaviorTraits(rawValue: 2_048)
    /// Maps are looked up, and asked for, as nobody's, whatever credentials a request shows.
    static let asksAsNobody = BehaviorTraits(rawValue: 4_096)
    /// Cache-busters are in no key of a map server's document.
    static let dropsCacheBusters = BehaviorTraits(rawValue: 8_192)
    /// What map servers answer is told apart by Origin: no policy of a distribution says whether,
    /// and in cloudfront mode no Vary does.
    static let keysOrigin = BehaviorTraits(rawValue: 16_384)
    /// CloudFront in front is told how much is left of a lifetime, which it counts anew.
    static let tellsRemaining = BehaviorTraits(rawValue: 32_768)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(_ settings: BehaviorSettings, _ distribution: DistributionSettings?, _ role: Role) {
        self = settings.pageTraits
        if role == .tier, settings.policy.mode == .cloudfront { insert(.tellsRemaining) }
        if settings.dropsCacheBusters { insert(.dropsCacheBusters) }
        if settings.imported == nil, settings.policy.mode == .cloudfront,
            settings.policy.mapClass.isMapServers
        {
            insert(.keysOrigin)
        }
        if settings.playback.isOn, settings.maps != nil { insert(.plays) }
        // Where sessions are shared anyway, or Authorization is, nothing has to be proved.
        if settings.maps?.asksAsNobody == true, settings.policy.sessionsBypass,
            settings.policy.judgesAuthorization
        {
            insert(.asksAsNobody)
        }
        guard let imported = settings.imported, let distribution else { return }
        // Methods are always looked at: CloudFront refuses what the behavior does not name.
        insert(.screens)
        if imported.behavior.keysGeneratedFields { insert(.keysGenerated) }
        if let policy = imported.behavior.responseHeaders {
            insert(.editsResponses)
            if policy.serverTimingPerMillion != nil { insert(.timesResponses) }
            if policy.removes(name: "date") { insert(.datesResponses) }
        }
        if imported.behavior.requiresSignature { insert(.requiresSignature) }
        // Nobody could ask as such a viewer does.
        if contains(.keysGenerated) || contains(.requiresSignature) { remove(.plays) }
        let forwarding = imported.behavior.forwarding
        let fates = [KnownField.ifMatch, .ifUnmodifiedSince].map { field in
            forwarding.fate(
                of: unsafe Array("\(field.name)".utf8).span.bytes, field, method: .get)
        }
        if !fates.contains(.forwarded) { insert(.dropsPreconditions) }
        let responses = distribution.distribution.config.customErrorResponses
        if responses.contains(where: { $0.page != nil }) { insert(.hasErrorPages) }
    }
}

/// All behaviors in order, in memory of their own; the owner is the `SettingsSnapshot`.
@safe  // written once; indices come from `match`
struct HotTable: @unchecked Sendable {  // written once before it is shared
    private let behaviors: UnsafeMutablePointer<HotBehavior>
    let count: Int
    private let text: HotText
    /// Parts of heads that name the edge, ready to be copied.
    let via10: UnsafeRawBufferPointer
    let via11: UnsafeRawBufferPointer
    let cacheStatus: UnsafeRawBufferPointer
    let resultFrom: UnsafeRawBufferPointer
    /// `X-Amz-Cf-Pop: …` and the name of the next field; empty where no identity is shown.
    let identity: UnsafeRawBufferPointer
    /// What Server-Timing names as where a response came from.
    let location: UnsafeRawBufferPointer
    /// The distribution's domain name, which stands for the host in keys; empty: the viewer's.
    let keyHost: UnsafeRawBufferPointer
    /// What `/` stands for; empty where it stands for itself.
    let rootObject: UnsafeRawBufferPointer
    /// The behavior of `/` is chosen by that all the same.
    let matchesRootAsSlash: Bool
    /// CloudFront chooses behaviors by the path in its normal form.
    let normalizesPaths: Bool
    let pathDecoding: MatchPath.Decoding
    let screening: HotScreening
    /// The path under which the edge answers scripts itself; empty: it does not.
    let ownPath: UnsafeRawBufferPointer
    /// The fields in which trusted proxies say who asks, each followed by a zero byte.
    let identityFields: UnsafeRawBufferPointer
    /// Trusted proxies may set X-Forwarded-Host.
    let believesHost: Bool
    /// The same of X-Forwarded-Port.
    let believesPort: Bool
    /// The name of the field that tells a viewer's country; empty: none.
    let countryField: UnsafeRawBufferPointer
    let countries: Unmanaged<CountryTable>?
    /// The country of viewers whose own is not known; 0: none.
    let standardCountry: UInt16
    /// The distribution's Logging.IncludeCookies.
    let logsCookies: Bool
    private let trusted: UnsafeMutableBufferPointer<AddressBlock>
    /// How often viewers may ask; nil: as often as they like.
    let viewerRates: Unmanaged<ViewerRates>?

    /// Whether the edge shows CloudFront's identity: `X-Amz-Cf-Id`, its `Via`, its pages.
    var isTwin: Bool { unsafe !identity.isEmpty }

    init(_ settings: Settings, rates: ViewerRates? = nil) {
        unsafe viewerRates = unsafe rates.map { unsafe .passRetained($0) }
        unsafe trusted = .allocate(capacity: settings.trustedProxies.count)
        _ = unsafe trusted.initialize(from: settings.trustedProxies)
        count = settings.behaviors.count
        unsafe behaviors = .allocate(capacity: max(count, 1))
        let text = HotText()
        let words = EdgeWords(settings)
        // CloudFront says 1.1 to every viewer of whatever it got from the origin.
        let oldest = settings.role == .twin ? "1.1" : "1.0"
        unsafe via10 = unsafe text.keep("Via: \(oldest) \(words.receivedBy)\r\n")
        unsafe via11 = unsafe text.keep("Via: 1.1 \(words.receivedBy)\r\n")
        unsafe cacheStatus = unsafe text.keep("Cache-Status: \(settings.name)")
        unsafe resultFrom = unsafe text.keep(" from \(words.resultFrom)\r\n")
        unsafe identity = unsafe text.keep(words.identity)
        unsafe location = unsafe text.keep(words.location)
        unsafe keyHost = unsafe text.keep(settings.distribution?.domainName ?? "")
        let root = settings.distribution?.distribution.config.rootObjectPath(forRoot: "/")
        unsafe rootObject = unsafe text.keep(root ?? "")
        unsafe ownPath = unsafe text.keep(settings.notices.script.map { "\($0)/" } ?? "")
        let identities = settings.trustedIdentities.map { "\($0)\0" }.joined()
        unsafe identityFields = unsafe text.keep(identities)
        believesHost = settings.trusts("x-forwarded-host")
        believesPort = settings.trusts("x-forwarded-port")
        logsCookies = settings.distribution?.distribution.config.logging.includesCookies == true
        let readings = settings.distribution?.readings ?? DistributionReadings()
        matchesRootAsSlash = readings.matchesRootAsSlash
        pathDecoding = readings.pathDecoding
        normalizesPaths = settings.mode == .cloudfront
        screening = settings.distribution.map { HotScreening($0, text) } ?? HotScreening()
        let country = settings.distribution?.countries ?? CountrySettings()
        unsafe countryField = unsafe text.keep(country.field ?? "")
        unsafe countries =
            unsafe country.table.isEmpty ? nil : Unmanaged.passRetained(CountryTable(country.table))
        let standard = Array((country.standard ?? "").utf8)
        standardCountry = unsafe ViewerFacts.country(standard.span.bytes) ?? 0
        for (index, behavior) in settings.behaviors.enumerated() {
            let pattern = behavior.pattern
            let cookies = behavior.sessionCookies.map { "\($0)\0" }.joined()
            unsafe (behaviors + index).initialize(
                to: HotBehavior(
                    policy: behavior.policy, origin: behavior.origin,
                    pattern: text.keep(pattern == "*" || pattern == "/*" ? "" : pattern),
                    start: PathStart(ofPattern: pattern),
                    sessionCookies: text.keep(cookies),
                    cookies: text.keep(behavior.cookieTable),
                    formCookie: text.keep(behavior.formCookie),
                    languages: text.keep(PageLanguages.table(behavior.languages)),
                    traits: BehaviorTraits(behavior, settings.distribution, settings.role),
                    keyed: behavior.imported.map { GeneratedNeeds($0.behavior.key.headers) } ?? [],
                    imported: behavior.imported.map {
                        unsafe .passRetained(ImportedPolicies($0.behavior))
                    },
                    maps: behavior.maps.map { HotMaps(retaining: $0) },
                    pictureTTL: behavior.pictureTTL, playbackFrames: behavior.playback.frames))
        }
        self.text = text
    }

    func deallocate() {
        for index in 0..<count {
            unsafe behaviors[index].imported?.release()
            unsafe behaviors[index].maps?.services.release()
        }
        unsafe behaviors.deallocate()
        text.deallocate()
        unsafe countries?.release()
        unsafe viewerRates?.release()
        unsafe trusted.deallocate()
    }

    /// What is known of a place; as long-lived as the table.
    func place(_ index: Int32) -> UnsafeRawBufferPointer {
        unsafe countries?._withUnsafeGuaranteedRef { unsafe $0.record(index) }
            ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Whether viewers may ask only so often.
    var limitsRates: Bool { unsafe viewerRates != nil }

    /// Whether no proxies are trusted: then this machine's own operator is.
    var trustsNobody: Bool { unsafe trusted.isEmpty }

    /// Whether an address is one of the trusted proxies'.
    func trusts(_ address: SocketAddress) -> Bool {
        for index in unsafe trusted.indices where unsafe trusted[index].contains(address) {
            return true
        }
        return false
    }

    subscript(index: Int) -> HotBehavior {
        @inline(__always) unsafeAddress { unsafe UnsafePointer(behaviors + index) }
    }

    /// The first behavior whose pattern matches the path; the last one always does.
    ///
    /// `scratch` is at least as long as the path, for its normal form; `isPlain`: the path is known
    /// to be that.
    @inline(__always)
    func match(
        _ path: UnsafeRawBufferPointer, isPlain: Bool = false,
        scratch: UnsafeMutableRawBufferPointer
    ) -> Int {
        if count == 1 { return 0 }
        if !isPlain, normalizesPaths, unsafe MatchPath.needsNormalizing(path.bytes),
            let length = unsafe MatchPath.write(path.bytes, into: scratch, decoding: pathDecoding)
        {
            return unsafe match(UnsafeRawBufferPointer(rebasing: scratch[..<length]))
        }
        return unsafe match(path)
    }

    @inline(__always)
    private func match(_ path: UnsafeRawBufferPointer) -> Int {
        let start = unsafe PathStart(of: path)
        var index = 0
        while index < count - 1 {
            if unsafe behaviors[index].start.mayBegin(start) {
                let pattern = unsafe behaviors[index].pattern
                let known = unsafe behaviors[index].start.length
                if unsafe pattern.isEmpty
                    || PathPattern.matches(pattern.bytes, path: path.bytes, known: known)
                {
                    return index
                }
            }
            index += 1
        }
        return index
    }
}

/// Texts that live as long as a hot table, each where it was put.
@safe  // hands out what it owns until `deallocate`
struct HotText {
    @safe  // owns what it points at
    private final class Blocks { var all: [UnsafeMutableRawBufferPointer] = unsafe [] }
    private let blocks = unsafe Unmanaged.passRetained(Blocks())

    /// The text's bytes, valid until `deallocate`.
    func keep(_ text: String) -> UnsafeRawBufferPointer { unsafe keep(Array(text.utf8)) }

    func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let block = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(bytes.count, 1), alignment: 1)
        unsafe block.copyBytes(from: bytes)
        unsafe blocks._withUnsafeGuaranteedRef { unsafe $0.all.append(block) }
        return unsafe UnsafeRawBufferPointer(rebasing: block[..<bytes.count])
    }

    func deallocate() {
        let all = unsafe blocks.takeUnretainedValue().all
        for index in unsafe all.indices { unsafe all[index].deallocate() }
        unsafe blocks.release()
    }
}

/// How the edge names itself to viewers and origins.
struct EdgeWords {
    /// In `Via`.
    let receivedBy: String
    /// Behind `Hit from`.
    let resultFrom: String
    let identity: String
    /// In a standard access log and Server-Timing: the edge's name, or where CloudFront would be.
    let location: String

    init(_ settings: Settings) {
        let pointOfPresence =
            settings.distribution?.pointOfPresence ?? DistributionSettings.standardPOP
        location = settings.role == .twin ? pointOfPresence : settings.name
        guard settings.role == .twin else {
            (receivedBy, resultFrom, identity) = (settings.name, settings.name, "")
            return
        }
        receivedBy = "\(Self.node(settings)).cloudfront.net (CloudFront)"
        resultFrom = "cloudfront"
        identity = "X-Amz-Cf-Pop: \(pointOfPresence)\r\nX-Amz-Cf-Id: "
    }

    /// 32 hexadecimal digits that stay the same for one distribution, as loop detection needs.
    private static func node(_ settings: Settings) -> String {
        let text = settings.distribution?.id ?? settings.name
        return [UInt64(1), 2].map { salt in
            var hash = 0xcbf2_9ce4_8422_2325 ^ salt
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            // FNV's low bits alone would differ little between two salts.
            hash = (hash ^ hash >> 31) &* 0xbf58_476d_1ce4_e5b9
            let digits = String(hash ^ hash >> 29, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
