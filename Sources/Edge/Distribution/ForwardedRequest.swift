import Caching
import CloudFront
import HTTP
import Reactor

// What the origin of an imported behavior gets: what its policies name, and what CloudFront always
// sends. Source: CloudFront, "Request and response behavior for custom origins".
extension OriginRequest {
    /// What there is to know beside the viewer's request.
    struct Forwarded {
        var behavior: CloudFront.Behavior
        var origin: OriginSettings
        var peer: Peer
        /// What of the viewer's fields the origin must not see, whatever the policies say.
        var trust: FieldTrust?
        /// The protocol that the viewer asks to switch to; empty: none.
        var upgrade: [UInt8] = []
        /// The edge's received-by in `Via`.
        var via: String
        /// nil: the edge shows no identity of CloudFront's, since it stands behind the real one.
        var requestID: RequestID?
        var generated: GeneratedTable
        /// The path that came to the error whose page this asks for, and its query.
        var failedTarget: (path: [UInt8], query: [UInt8])?
    }

    init(
        _ viewer: borrowing RequestHead, bytes: UnsafeRawBufferPointer, conditions: Conditions,
        _ forwarded: Forwarded
    ) {
        self.init(method: viewer.method, head: [])
        framing = viewer.framing
        upgrade = forwarded.upgrade
        head.reserveCapacity(viewer.length + 512)
        unsafe append(bytes, viewer.methodName)
        head += [32]
        unsafe appendTarget(viewer, bytes, conditions, forwarded)
        head += Array(" HTTP/1.1\r\n".utf8)
        let rules = forwarded.behavior.forwarding
        unsafe appendHost(
            viewer, bytes, isForwarded: rules.forwardsHost && !conditions.hidesHost,
            forwarded.origin)
        unsafe appendChosen(viewer, bytes, conditions, forwarded)
        unsafe appendAccount(viewer, bytes, forwarded, hidesHost: conditions.hidesHost)
        if let cookies = conditions.cookies {
            var page = conditions
            page.cookies =
                rules.forwardsCookies ? cookies.filter { rules.selects(cookie: $0) } : []
            if !passesScript(viewer, forwarded) { page.sharedPage = nil }
            appendPage(page)
        } else {
            unsafe appendCookies(viewer, bytes, rules)
        }
        unsafe appendCodings(viewer, bytes, conditions, forwarded)
        appendGenerated(forwarded)
        for custom in forwarded.origin.customHeaders {
            line(custom.name, Array(custom.value.utf8))
        }
        appendConditions(conditions)
        appendBodyFraming()
    }

    /// Whether the origin is to be told, in the edge's words, that a script asks: a policy says so,
    /// and the viewer's own line is not passed because it is in the key.
    private func passesScript(_ viewer: borrowing RequestHead, _ forwarded: Forwarded) -> Bool {
        let name = Array("x-requested-with".utf8)
        let rules = forwarded.behavior.forwarding
        return unsafe rules.fate(of: name.span.bytes, .xRequestedWith, method: viewer.method)
            == .forwarded && !forwarded.behavior.key.headers.contains(name.span.bytes)
    }

    private mutating func appendTarget(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ conditions: Conditions, _ forwarded: Forwarded
    ) {
        if viewer.isAboutServer {
            head += [42]
            return
        }
        head += Array(forwarded.origin.path.utf8)
        if let target = conditions.target {
            head += target
            return
        }
        if viewer.path.isEmpty { head += [47] } else { unsafe append(bytes, viewer.path) }
        let query = unsafe bytes.bytes.extracting(viewer.query.range)
        let rules = forwarded.behavior.forwarding
        let selected = unsafe [UInt8](unsafeUninitializedCapacity: query.byteCount + 1) {
            buffer, count in
            count =
                unsafe rules.queryStrings.writeQuery(
                    query, dropsSignature: rules.dropsSignature,
                    into: UnsafeMutableRawBufferPointer(buffer)) ?? 0
        }
        if !selected.isEmpty { head += [63] + selected }
    }

    /// The viewer's fields that the behavior's policies let pass.
    private mutating func appendChosen(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ conditions: Conditions, _ forwarded: Forwarded
    ) {
        let rules = forwarded.behavior.forwarding
        for index in 0..<viewer.fields.count {
            let field = viewer.fields[index]
            let name = unsafe bytes.bytes.extracting(field.name.range)
            if unsafe field.known == .host || viewer.isHopByHop(index, bytes: bytes.bytes) {
                continue
            }
            if drops(field.known, conditions) || isReplaced(name, forwarded.origin) { continue }
            if conditions.hidesCredential(field.known, name) { continue }
            if conditions.sharedPage?.hides(field.known, name) == true,
                !forwarded.behavior.key.headers.contains(name)
            {
                continue
            }
            if isSpoofed(field.known, name, forwarded) { continue }
            if field.known == .contentType, viewer.fields.first(.contentType) != index { continue }
            // Compression is for HTTP/1.1 and later.
            if field.known == .acceptEncoding, viewer.minorVersion == 0 { continue }
            guard isPassed(field, name, viewer.method, forwarded, rules) else { continue }
            unsafe append(bytes, field.name)
            head += [58, 32]
            unsafe append(bytes, field.value)
            head += [13, 10]
        }
        let name = Array("user-agent".utf8)
        let hidesAgent =
            unsafe conditions.sharedPage?.agent != nil
            && !forwarded.behavior.key.headers.contains(name.span.bytes)
        if hidesAgent || forwarded.requestID != nil && !rules.forwardsUserAgent {
            ownLine("User-Agent", SharedPage.agentOfCloudFront, forwarded.origin)
        }
    }

    /// A word that is not the viewer's to say, or of which the tier gives its own account.
    private func isSpoofed(_ field: KnownField, _ name: RawSpan, _ forwarded: Forwarded) -> Bool {
        switch field {
        case .xForwardedFor, .xForwardedProto: false
        case .xForwardedHost where forwarded.requestID == nil: true
        case .other, .forwarded, .xForwardedHost, .xForwardedPort:
            forwarded.trust?.strips(name) == true
        default: false
        }
    }

    /// A field that the edge writes itself, unless the origin's custom headers do.
    mutating func ownLine(_ name: String, _ value: [UInt8], _ origin: OriginSettings) {
        let bytes = Array(name.utf8)
        if unsafe !isReplaced(bytes.span.bytes, origin) { line(name, value) }
    }

    /// Behind the real CloudFront its own fields are the viewer's, and passed on.
    private func isPassed(
        _ field: HeaderField, _ name: RawSpan, _ method: Method, _ forwarded: Forwarded,
        _ rules: Forwarding
    ) -> Bool {
        let fate = rules.fate(of: name, field.known, method: method)
        guard forwarded.requestID == nil else { return fate == .forwarded }
        switch field.known {
        case .userAgent, .via: return true
        case .other where fate == .setByEdge && RequestID.isField(name): return true
        default: return fate == .forwarded
        }
    }

    private func drops(_ field: KnownField, _ conditions: Conditions) -> Bool {
        switch field {
        case .xEdgeExplain, .xEdgeCache, .contentLength, .transferEncoding: true
        case .ifNoneMatch, .ifModifiedSince: conditions.dropsViewerConditions
        case .range, .ifRange: conditions.dropsRange
        case .acceptLanguage: !conditions.acceptLanguage.isEmpty
        case .authorization: conditions.dropsAuthorization
        default: false
        }
    }

    func isReplaced(_ name: RawSpan, _ origin: OriginSettings) -> Bool {
        for custom in origin.customHeaders
        where equalsIgnoringCase(name, string: custom.name) { return true }
        return false
    }

    /// Who asks, through whom: as CloudFront says it, or as a tier behind it does.
    private mutating func appendAccount(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ forwarded: Forwarded,
        hidesHost: Bool
    ) {
        guard let id = forwarded.requestID else {
            unsafe appendForwarding(
                viewer, bytes, forwarded.peer, forwarded.trust, hidesHost: hidesHost,
                tellsPort: false)
            line("Via", Array("1.\(viewer.minorVersion) \(forwarded.via)".utf8))
            return
        }
        var chain = unsafe values(.xForwardedFor, viewer, bytes)
        if !forwarded.peer.address.isEmpty {
            if !chain.isEmpty { chain += [44] }
            chain += Array(forwarded.peer.address.utf8)
        }
        if !chain.isEmpty { ownLine("X-Forwarded-For", chain, forwarded.origin) }
        var via = unsafe values(.via, viewer, bytes)
        if !via.isEmpty { via += [44, 32] }
        via += Array("1.\(viewer.minorVersion) \(forwarded.via)".utf8)
        line("Via", via)
        let text = id.text
        line("X-Amz-Cf-Id", unsafe text.span.bytes.withUnsafeBytes { unsafe [UInt8]($0) })
        if !isUpgrade { line("Connection", Array("Keep-Alive".utf8)) }
    }

    /// All lines of a field as one.
    func values(
        _ field: KnownField, _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> [UInt8] {
        var all: [UInt8] = []
        var index = viewer.fields.first(field)
        while let at = index {
            if !all.isEmpty { all += [44, 32] }
            unsafe all += bytes[viewer.fields[at].value.range]
            index = viewer.fields.next(after: at, field)
        }
        return all
    }

    private mutating func appendCookies(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ rules: Forwarding
    ) {
        guard rules.forwardsCookies, viewer.fields.contains(.cookie) else { return }
        let cookies = unsafe SelectedCookies(
            viewer, bytes: bytes.bytes, rules.cookies, dropsSignature: rules.dropsSignature)
        guard cookies.count > 0 else { return }
        let value = unsafe [UInt8](unsafeUninitializedCapacity: viewer.length) { buffer, count in
            var writer = unsafe HeadWriter(UnsafeMutableRawBufferPointer(buffer))
            unsafe cookies.write(bytes.bytes, to: &writer)
            count = writer.count
        }
        line("Cookie", value)
    }

    private mutating func appendCodings(
        _ viewer: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ conditions: Conditions, _ forwarded: Forwarded
    ) {
        let behavior = forwarded.behavior
        if conditions.isForAllCodings {
            return ownLine("Accept-Encoding", Array("identity".utf8), forwarded.origin)
        }
        guard behavior.forwarding.normalizesCodings else { return }
        var taken = behavior.key.codings
        if conditions.avoidsBrotli, taken.contains(.gzip) { taken.remove(.brotli) }
        let codings = unsafe CloudFront.AcceptEncoding(
            viewer, bytes: bytes.bytes, codings: taken)
        if let value = codings.value {
            ownLine("Accept-Encoding", Array(value.description.utf8), forwarded.origin)
        }
    }

    /// CloudFront- fields, each where a policy names it.
    private mutating func appendGenerated(_ forwarded: Forwarded) {
        let (table, bytes) = (forwarded.generated.table, forwarded.generated.bytes)
        let rules = forwarded.behavior.forwarding
        for index in 0..<table.count {
            let name = unsafe bytes.span.bytes.extracting(table[index].name.range)
            guard rules.addsCloudFrontHeader(name), !isReplaced(name, forwarded.origin) else {
                continue
            }
            head += bytes[table[index].name.range] + [58, 32]
            head += bytes[table[index].value.range] + [13, 10]
        }
        guard let failed = forwarded.failedTarget else { return }
        appendNamed("CloudFront-Error-Uri", failed.path, rules)
        if !failed.query.isEmpty { appendNamed("CloudFront-Error-Args", failed.query, rules) }
    }

    private mutating func appendNamed(_ name: String, _ value: [UInt8], _ rules: Forwarding) {
        let bytes = Array(name.utf8)
        if unsafe rules.addsCloudFrontHeader(bytes.span.bytes) { line(name, value) }
    }
}

extension Exchange {
    /// The request for one origin, as the behavior has it.
    func request(
        to origin: OriginSettings, _ conditions: OriginRequest.Conditions
    ) -> OriginRequest {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let imported else {
                return unsafe OriginRequest(
                    head, bytes: bytes, conditions: conditions, origin: origin, peer: peer,
                    trust: fieldTrust, upgrade: upgrade, via: snapshot.settings.name)
            }
            let isTwin = snapshot.settings.role == .twin
            return unsafe OriginRequest(
                head, bytes: bytes, conditions: conditions,
                OriginRequest.Forwarded(
                    behavior: imported.behavior.towards(isS3: asksS3), origin: origin, peer: peer,
                    trust: fieldTrust, upgrade: upgrade,
                    via: EdgeWords(snapshot.settings).receivedBy,
                    requestID: isTwin ? outcome.requestID : nil,
                    generated: GeneratedTable(self), failedTarget: page?.original.target))
        }
    }

    private var target: (path: [UInt8], query: [UInt8]) {
        let path = unsafe bytes.withUnsafeBytes { unsafe [UInt8](head.askedPath($0)) }
        return (path, [UInt8](bytes[head.query.range]))
    }
}

extension Forwarding {
    /// Whether a cookie, as `name=value`, passes.
    fileprivate func selects(cookie pair: [UInt8]) -> Bool {
        let name = Array(pair.prefix { $0 != UInt8(ascii: "=") })
        return unsafe cookies.selects(name.span.bytes)
    }
}
