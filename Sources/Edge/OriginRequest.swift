import Caching
import CloudFront
import HTTP
import Reactor

/// A request head on its way to an origin, built once and sent as often as members are tried.
struct OriginRequest {
    /// The head, without Host where that is the member's.
    var head: [UInt8] = []
    /// The head has Host.
    private var namesHost = false
    /// The viewer's, where it is passed on; else empty.
    private(set) var forwardedHost: [UInt8] = []
    var method: Method
    /// How the body, if any, is framed towards the origin.
    var framing: BodyFraming
    /// The protocol that it asks to switch to; empty: none.
    var upgrade: [UInt8] = []

    /// What a fetch asks for beyond what the viewer asked.
    struct Conditions {
        /// Drop the viewer's own preconditions: the whole response is wanted, for the store.
        var dropsViewerConditions = false
        var dropsRange = false
        /// `/a?` and `/a` share an object, so they ask for the same.
        var dropsEmptyQuery = false
        /// The key has no host, so that the origin must not know the viewer's.
        var hidesHost = false
        /// Validators of the stored entry.
        var ifNoneMatch: [UInt8] = []
        var ifModifiedSince: Int64?
        /// Bytes asked for to complete a stored part: `bytes=…` with `If-Range`.
        var range: [UInt8] = []
        var ifRange: [UInt8] = []
        /// A stored part or page is refetched as GET although the viewer sent HEAD.
        var methodOverride: [UInt8] = []
        /// Replaces the viewer's Accept-Encoding: `gzip`, `identity`, or as it came.
        var acceptEncoding: Coding = .asViewer
        /// A picture, which viewers of all codings get from one entry.
        var isForAllCodings = false
        /// Replace the viewer's cookies, as `name=value`, where not nil.
        var cookies: [[UInt8]]?
        /// Set for a page that others may get, too.
        var sharedPage: SharedPage?
        /// Asked as nobody: without the viewer's Authorization.
        var dropsAuthorization = false
        /// Replaces the viewer's Accept-Language, if not empty.
        var acceptLanguage: [UInt8] = []
        /// The body is to be read here: no coding but gzip.
        var avoidsBrotli = false
        /// One less than the viewer's, for OPTIONS.
        var maxForwards: Int?
        /// Replaces the viewer's path and query, without the origin's path prefix.
        var target: [UInt8]?
    }

    enum Coding { case asViewer, gzip, identity }

    init(
        _ viewer: borrowing RequestHead, bytes: UnsafeRawBufferPointer, conditions: Conditions,
        origin: OriginSettings, peer: Peer, trust: FieldTrust?, upgrade: [UInt8], via: String
    ) {
        method = conditions.methodOverride.isEmpty ? viewer.method : .get
        framing = viewer.framing
        self.upgrade = conditions.methodOverride.isEmpty ? upgrade : []
        head.reserveCapacity(viewer.length + 512)
        if conditions.methodOverride.isEmpty {
            unsafe append(bytes, viewer.methodName)
        } else {
            head += conditions.methodOverride
        }
        head += Array(" ".utf8)
        unsafe appendTarget(viewer, bytes, conditions, origin)
        head += Array(" HTTP/1.1\r\n".utf8)
        unsafe appendHost(
            viewer, bytes, isForwarded: origin.hostHeader == nil && !conditions.hidesHost,
            origin)
        unsafe appendFields(viewer, bytes, conditions, origin, trust)
        unsafe appendForwarding(viewer, bytes, peer, trust, hidesHost: conditions.hidesHost)
        appendVia(viewer, via)
        appendConditions(conditions)
        appendBodyFraming()
    }

    /// A head of our own making: a health check or a fetch that no viewer asked for.
    init(method: Method, head: [UInt8]) {
        self.method = method
        self.head = head
        framing = .none
    }

    /// Asks to switch protocols.
    var isUpgrade: Bool { !upgrade.isEmpty }

    /// The bytes to send: the head with Host and the connection's fields, and the empty line.
    ///
    /// - Parameters:
    ///   - authority: the member's, for a head that names no host.
    ///   - conditions: lines that are for this member alone.
    func wire(authority: String, _ conditions: [UInt8] = []) -> [UInt8] {
        var wire = head + conditions
        if !namesHost { wire += Array("Host: \(authority)\r\n".utf8) }
        if isUpgrade {
            wire += Array("Connection: upgrade\r\nUpgrade: ".utf8) + upgrade + [13, 10]
        }
        wire += [13, 10]
        return wire
    }

    /// Host: the origin's own, the viewer's, or the member's, which is put in as it is sent.
    mutating func appendHost(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, isForwarded: Bool,
        _ origin: OriginSettings
    ) {
        if isForwarded, !viewer.authority.isEmpty {
            forwardedHost = unsafe Array(bytes[viewer.authority.range])
            line("Host", forwardedHost)
        } else if let host = origin.hostHeader {
            line("Host", Array(host.utf8))
        } else {
            return
        }
        namesHost = true
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer, _ slice: ByteSlice) {
        unsafe head.append(contentsOf: bytes[slice.range])
    }

    mutating func line(_ name: String, _ value: [UInt8]) {
        head += Array(name.utf8)
        head += [58, 32]
        head += value
        head += [13, 10]
    }

    private mutating func appendTarget(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ conditions: Conditions,
        _ origin: OriginSettings
    ) {
        if viewer.isAboutServer {
            head += [42]
            return
        }
        head += Array(origin.path.utf8)
        if let target = conditions.target {
            head += target
            return
        }
        if viewer.path.isEmpty { head += [47] } else { unsafe append(bytes, viewer.path) }
        if viewer.hasQuery, !conditions.dropsEmptyQuery || !viewer.query.isEmpty {
            head += [63]
            unsafe append(bytes, viewer.query)
        }
    }

    private mutating func appendFields(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ conditions: Conditions,
        _ origin: OriginSettings, _ trust: FieldTrust?
    ) {
        for index in 0..<viewer.fields.count {
            let field = viewer.fields[index]
            let name = unsafe bytes.bytes.extracting(field.name.range)
            if unsafe viewer.isHopByHop(index, bytes: bytes.bytes) || drops(field.known, conditions)
            {
                continue
            }
            if conditions.sharedPage?.hides(field.known, name) == true { continue }
            if conditions.hidesCredential(field.known, name) { continue }
            if field.known == .other, trust?.strips(name) == true { continue }
            // What the body is has been judged by the first of two lines that say it.
            if field.known == .contentType, viewer.fields.first(.contentType) != index { continue }
            if conditions.maxForwards != nil, field.known == .other,
                equalsIgnoringCase(name, "max-forwards")
            {
                continue
            }
            if isReplaced(name, origin) { continue }
            unsafe append(bytes, field.name)
            head += [58, 32]
            unsafe append(bytes, field.value)
            head += [13, 10]
        }
        if let left = conditions.maxForwards { line("Max-Forwards", Array("\(left)".utf8)) }
        for custom in origin.customHeaders { line(custom.name, Array(custom.value.utf8)) }
        appendPage(conditions)
        if let agent = conditions.sharedPage?.agent { ownLine("User-Agent", agent, origin) }
        switch conditions.acceptEncoding {
        case .asViewer: break
        case .gzip: line("Accept-Encoding", Array("gzip".utf8))
        case .identity: line("Accept-Encoding", Array("identity".utf8))
        }
    }

    /// What an anonymous page is asked for with, in place of the viewer's own.
    mutating func appendPage(_ conditions: Conditions) {
        if let cookies = conditions.cookies, !cookies.isEmpty {
            line("Cookie", Array(cookies.joined(separator: [59, 32])))
        }
        if !conditions.acceptLanguage.isEmpty {
            line("Accept-Language", conditions.acceptLanguage)
        }
        if conditions.sharedPage?.isForScript == true {
            line("X-Requested-With", Array("XMLHttpRequest".utf8))
        }
    }

    /// `TE: trailers` is not sent in turn for what is passed on: it would speak for all who get the
    /// answer, of whom some may not have come yet (RFC 9110 §10.1.4).
    private func drops(_ field: KnownField, _ conditions: Conditions) -> Bool {
        switch field {
        case .host, .contentLength, .transferEncoding, .expect, .upgrade, .te, .keepAlive,
            .proxyConnection, .proxyAuthorization, .proxyAuthenticate, .http2Settings, .connection,
            .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .xRealIP,
            .forwarded, .xEdgeExplain, .xEdgeCache:
            return true
        case .ifNoneMatch, .ifModifiedSince: return conditions.dropsViewerConditions
        case .range, .ifRange: return conditions.dropsRange
        case .acceptEncoding: return conditions.acceptEncoding != .asViewer
        case .acceptLanguage: return !conditions.acceptLanguage.isEmpty
        case .cookie: return conditions.cookies != nil
        case .authorization: return conditions.dropsAuthorization
        default: return false
        }
    }

    /// A trusted proxy's own account is kept and added to; anybody else's is replaced.
    ///
    /// - Parameter tellsPort: the port is handed on here, and not by what a policy says of it.
    mutating func appendForwarding(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ peer: Peer,
        _ trust: FieldTrust?, hidesHost: Bool = false, tellsPort: Bool = true
    ) {
        var chain: [UInt8] = []
        if peer.isTrusted {
            chain = unsafe Array(
                Self.lastEntries(of: values(.xForwardedFor, viewer, bytes), within: Self.chainLimit)
            )
        }
        // A peer behind a Unix socket has no address, and none is made up for it.
        if !peer.address.isEmpty {
            if !chain.isEmpty { chain += Array(", ".utf8) }
            chain += Array(peer.address.utf8)
        }
        if !chain.isEmpty { line("X-Forwarded-For", chain) }
        unsafe carry(
            viewer, bytes, .xForwardedProto, "X-Forwarded-Proto", trusted: peer.tellsScheme,
            else: Array((peer.isSecured || peer.asksForSite ? "https" : "http").utf8))
        if hidesHost { return }
        let host = unsafe viewer.authority.isEmpty ? [] : Array(bytes[viewer.authority.range])
        unsafe carry(
            viewer, bytes, .xForwardedHost, "X-Forwarded-Host",
            trusted: peer.isTrusted && trust?.stripsHost != true, else: host)
        unsafe carry(
            viewer, bytes, .xForwardedPort, "X-Forwarded-Port",
            trusted: tellsPort && peer.isTrusted && trust?.stripsPort != true, else: [])
    }

    /// Bytes of a trusted proxy's X-Forwarded-For that origins are told of.
    static var chainLimit: Int { 1_024 }

    /// The end of a list, from the first member on that fits whole: what trusted proxies wrote
    /// stands behind what the viewer wrote himself.
    static func lastEntries(of list: [UInt8], within limit: Int) -> ArraySlice<UInt8> {
        guard list.count > limit else { return list[...] }
        guard let comma = list[(list.count - limit - 1)...].firstIndex(of: 44) else { return [] }
        return list[(comma + 1)...].drop { isWhitespace($0) }
    }

    private mutating func carry(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ field: KnownField,
        _ name: String,
        trusted: Bool, else value: [UInt8]
    ) {
        if trusted, let index = viewer.fields.first(field) {
            unsafe line(name, Array(bytes[viewer.fields[index].value.range]))
        } else if !value.isEmpty {
            line(name, value)
        }
    }

    private mutating func appendVia(_ viewer: borrowing RequestHead, _ name: String) {
        line("Via", Array("1.\(viewer.minorVersion) \(name)".utf8))
    }

    mutating func appendConditions(_ conditions: Conditions) {
        if !conditions.ifNoneMatch.isEmpty { line("If-None-Match", conditions.ifNoneMatch) }
        if let since = conditions.ifModifiedSince {
            line("If-Modified-Since", HTTPDate.text(since))
        }
        if !conditions.range.isEmpty { line("Range", conditions.range) }
        if !conditions.ifRange.isEmpty { line("If-Range", conditions.ifRange) }
    }

    mutating func appendBodyFraming() {
        switch framing {
        case .none, .untilClose:
            if method == .post || method == .put || method == .patch {
                line("Content-Length", [48])
            }
        case .length(let count): line("Content-Length", Array("\(count)".utf8))
        case .chunked: line("Transfer-Encoding", Array("chunked".utf8))
        }
    }
}

/// The viewer as origins and logs are told of it.
struct Peer {
    /// Textual address, without port; empty where there is none.
    var address: String
    /// Its forwarding fields are believed.
    var isTrusted: Bool
    /// It speaks TLS to us.
    var isSecured = false
    /// It asks in the stead of a site whose viewers all come over TLS.
    var asksForSite = false
    /// Who asks, where that is somebody behind trusted proxies; for behaviors of a distribution.
    var viewer: String?
    /// Of its own end of the connection.
    var port: UInt16 = 0
    /// Names it where viewers take turns; see ``ViewerKey``.
    var key: UInt64 = 0
    /// What CloudFront- fields say of it; for behaviors of a distribution.
    var facts = ViewerFacts()
    /// What it speaks to us over TLS; likewise.
    var tls: TLSNames?
    /// Its connection served a request before this one.
    var isKept = false

    /// Its word on the scheme is handed on.
    var tellsScheme: Bool { isTrusted && !asksForSite }

    /// `version:cipher:handshake` as `CloudFront-Viewer-TLS` has it; empty without TLS.
    var viewerTLS: [UInt8] {
        guard let tls else { return [] }
        let handshake =
            isKept ? "connectionReused" : tls.isResumed ? "sessionResumed" : "fullHandshake"
        return unsafe [UInt8](tls.version) + [58] + tls.cipher + [58] + Array(handshake.utf8)
    }

    /// Address and port as `CloudFront-Viewer-Address` has them: CloudFront puts no brackets round
    /// an IPv6 address, so that the port is what follows the last colon. The port is the
    /// connection's, also where the viewer stands behind a proxy, which does not tell its port.
    /// Empty where there is no address.
    var addressWithPort: String {
        let asking = viewer ?? address
        return asking.isEmpty ? "" : "\(asking):\(port)"
    }

    init(address: String, isTrusted: Bool, isSecured: Bool = false) {
        self.address = address
        self.isTrusted = isTrusted
        self.isSecured = isSecured
    }

    init(_ address: SocketAddress, isTrusted: Bool, isSecured: Bool = false) {
        self.init(
            address: address == .unspecified ? "" : address.ipText, isTrusted: isTrusted,
            isSecured: isSecured)
    }
}

extension OriginRequest {
    /// Whether an answer of this status is no answer to it: a part, or that nothing has changed,
    /// which it has no field to ask for (RFC 9110 §15.3.7, §15.4.5). What a write did is done,
    /// however oddly it is answered.
    func didNotAskFor(_ status: Int) -> Bool {
        guard method == .get || method == .head else { return false }
        return switch status {
        case 206: !hasField { $0 == "range" }
        case 304: !hasField { $0.hasPrefix("if-") }
        default: false
        }
    }

    /// - Parameter isIt: told each field's name, in lower case.
    private func hasField(_ isIt: (String) -> Bool) -> Bool {
        head.split(separator: 10).dropFirst().contains { line in
            isIt(String(decoding: line.prefix { $0 != 58 }, as: UTF8.self).lowercased())
        }
    }
}

extension HTTPDate {
    /// The date as bytes; allocates, for the miss path.
    static func text(_ seconds: Int64) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 29) { buffer, count in
            var writer = unsafe HeadWriter(UnsafeMutableRawBufferPointer(buffer))
            writer.appendDate(epochSeconds: seconds)
            count = writer.count
        }
    }
}
