public import HTTP

/// Recognises, among all requests, those that change what is stored.
///
/// Paths are GeoServer's (below `WriteContext.root`), GeoWebCache's and GeoNode's; whatever else
/// has an unsafe method counts as a write to the site's pages. Source: GeoServer REST API
/// reference, GeoWebCache `org.geowebcache.rest`, GeoNode and MapStory `urls.py`.
public enum WriteRequest {
    /// What a request is, by its head.
    ///
    /// - Parameters:
    ///   - path: as sent, percent-encoded.
    ///   - query: without its `?`; empty where there is none.
    ///   - contentType: the field's value; empty where there is none.
    ///   - hasCredentials: it shows a session, a token or an Authorization. Forms of GeoServer's
    ///     own do nothing for whoever has none.
    ///   - page: the path of this site's page that it was sent from (Referer); nil: not known.
    ///
    /// Allocates nothing for a safe method, unless that may write after all.
    public static func recognised(
        method: HTTP.Method, path: RawSpan, query: RawSpan, contentType: RawSpan,
        hasCredentials: Bool, from page: [UInt8]? = nil, context: WriteContext
    ) -> WriteRecognition {
        let said = said(by: query)
        if method.isSafe, !said.isWrite, !holds(path, "geogig"), !holds(path, "proxy") {
            return .read
        }
        let parsed = WritePath(path)
        if let target = ProxiedTarget(parsed, query, context) {
            // It is there for map servers: the site asks for its own pages without it.
            var servers = context
            servers.site = []
            return unsafe recognised(
                method: method, WritePath(target.path.span.bytes), query: target.query.span.bytes,
                contentType: contentType, hasCredentials: hasCredentials, from: nil,
                context: servers)
        }
        return recognised(
            method: method, parsed, query: query, contentType: contentType,
            hasCredentials: hasCredentials, from: page, context: context)
    }

    private static func recognised(
        method: HTTP.Method, _ parsed: WritePath, query: RawSpan, contentType: RawSpan,
        hasCredentials: Bool, from page: [UInt8]?, context: WriteContext
    ) -> WriteRecognition {
        let said = said(by: query)
        let type = decodedType(contentType)
        if let below = parsed.behind(context.root) {
            return serverWrite(
                below, method, query, said: said, type: type, hasCredentials, workspaces: context)
        }
        switch parsed.segments.first {
        case "gs", "rest", "gwc", "geogig", "wfs", "ows", "wms", "wcs", "wps":
            let below = parsed.segments.first == "gs" ? 1 : 0
            return serverWrite(
                Array(parsed.segments[below...]), method, query, said: said, type: type,
                hasCredentials, workspaces: nil)
        case "geofence" where parsed.segments.dropFirst().first == "rest":
            return serverWrite(
                parsed.segments, method, query, said: said, type: type, hasCredentials,
                workspaces: nil)
        default: break
        }
        if let last = parsed.segments.last, services.contains(String(last)) {
            return serviceWrite(
                workspace: nil, said: said, method: method, query: query, type: type)
        }
        guard !method.isSafe, context.isSite(parsed.text) else { return .read }
        return SiteWrites.recognised(parsed, from: page, context)
    }

    /// Whether what a request with an unsafe method was recognised as says all that it does to the
    /// map server: its path is the server's, and not only one of the site's pages. That it is no
    /// write is believed of interfaces only that have one resource for each thing.
    public static func knowsServer(
        _ path: RawSpan, _ recognised: WriteRecognition, _ context: WriteContext
    ) -> Bool {
        let parsed = WritePath(path)
        let isBare = ["gs", "rest", "gwc", "geogig", "geofence"].contains {
            parsed.segments.first == $0[...]
        }
        let below = parsed.behind(context.root) ?? (isBare ? parsed.segments : nil)
        guard recognised == .read else {
            if below != nil { return true }
            return parsed.segments.last.map { services.contains(String($0)) } ?? false
        }
        let place = below?.first {
            services.contains(String($0)) || ["rest", "gwc", "web", "geogig", "ogc"].contains($0)
        }
        return place.map { ["rest", "gwc", "geogig"].contains($0) } ?? false
    }

    /// Whether a path is one of GeoServer's REST interface, or GeoWebCache's, at the server or by
    /// way of the site: no form that leads somewhere else when it is done.
    public static func isInterface(_ path: RawSpan) -> Bool {
        let segments = WritePath(path).segments
        return segments.first == "gs" || segments.contains("rest")
    }

    /// Whether it signs in or out, by its path (Django, allauth, GeoServer): what that changes is
    /// the session.
    static func isSession(_ path: RawSpan) -> Bool {
        guard let last = WritePath(path).segments.last else { return false }
        return sessions.contains(last.lowercased())
    }

    private static let sessions: Set<String> = [
        "login", "logout", "signin", "signout", "j_spring_security_check",
        "j_spring_security_logout",
    ]

    static let services: Set<String> = [
        "wfs", "ows", "wms", "wcs", "wps", "csw", "WfsDispatcher", "WmsDispatcher",
    ]

    /// Some segments below GeoServer's root.
    ///
    /// - Parameter workspaces: which segments are workspaces; nil: none can be.
    private static func serverWrite(
        _ segments: [Substring], _ method: HTTP.Method, _ query: RawSpan, said: Said,
        type: (name: String, charset: String?), _ hasCredentials: Bool, workspaces: WriteContext?
    ) -> WriteRecognition {
        let place = segments.firstIndex {
            services.contains(String($0)) || ["rest", "gwc", "web", "geogig", "ogc"].contains($0)
        }
        guard let place else {
            // Signing in and out, or a page of GeoServer's own.
            let isSession = [
                "login", "logout", "j_spring_security_check", "j_spring_security_logout",
            ]
            .contains { segments.first == $0[...] }
            // It posts a body to a service itself, with credentials of its form, and hands the
            // answer back.
            if segments.first == "TestWfsPost", !method.isSafe {
                return .write(ObservedWrite(.everything, response: .doubtful))
            }
            if method.isSafe || isSession || !hasCredentials { return .read }
            let isPermission = segments.first == "geofence" || segments.contains("permissions")
            return .write(isPermission ? permission : ObservedWrite(.everything))
        }
        let below = Array(segments[(place + 1)...])
        switch segments[place] {
        case "rest":
            // GeoFence's own interface, `geofence/rest/rules`.
            let isRules = place > 0 && segments[place - 1] == "geofence"
            return method.isSafe
                ? .read
                : RESTWrites.recognised(
                    isRules ? ["geofence"] + below : below, method, query, type: type)
        case "gwc":
            guard !method.isSafe, below.first == "rest" else { return .read }
            return TileCacheWrites.recognised(
                Array(below.dropFirst()), method, query, type: type.name, charset: type.charset)
        case "geogig": return repositoryWrite(below, method)
        // What an administrator does in the web interface cannot be told from the request: it may
        // be a rule of who sees what. Without a session there is no form.
        case "web": return method.isSafe || !hasCredentials ? .read : .write(permission)
        case "ogc": return method.isSafe ? .read : featureWrite(below)
        default:
            // A global layer group has a virtual service, too, whose layers are of any workspace.
            let first = place >= 1 ? String(segments[0]) : nil
            let workspace = first.flatMap { workspaces?.hasWorkspace($0) == true ? $0 : nil }
            return serviceWrite(
                workspace: workspace, said: said, method: method, query: query, type: type)
        }
    }

    /// A change of who may see what: at once, and not even stale.
    static var permission: ObservedWrite {
        ObservedWrite(WriteScope(.everything, .all, isHard: true))
    }

    /// A request to an OGC service: its body tells.
    private static func serviceWrite(
        workspace: String?, said: Said, method: HTTP.Method, query: RawSpan,
        type: (name: String, charset: String?)
    ) -> WriteRecognition {
        let target = workspace.map { WriteScope.Target.workspace($0) } ?? .everything
        var unread = ObservedWrite(WriteScope(target, .layer), response: .doubtful)
        if said == .execution { unread = ServiceBody.execution(isDeferred: true) }
        guard method == .post else {
            if method.isSafe, !said.isWrite { return .read }
            // No body that a server might read in place of the parameters comes with it.
            if method.isSafe, said == .transaction,
                let named = NamedTypes.scope(of: [bytes(of: query)], workspace)
            {
                unread.scope = named
            }
            return .write(unread)
        }
        var body = WriteBody(
            form: .service(saysTransaction: said.isWrite), workspace: workspace,
            charset: type.charset)
        body.hasRequest = said != .nothing
        if said == .transaction { body.query = bytes(of: query) }
        return .body(body, unread: unread)
    }

    private static func bytes(of text: RawSpan) -> [UInt8] {
        (0..<text.byteCount).map { text[$0] }
    }

    /// GeoGig's web API, whose commands write by GET as well; what a repository's layers are is not
    /// known here.
    private static func repositoryWrite(
        _ segments: [Substring], _ method: HTTP.Method
    ) -> WriteRecognition {
        let commands: Set<String> = [
            "merge", "pull", "commit", "checkout", "endTransaction", "resolveconflict",
            "revertfeature", "revert", "import", "applychanges", "rebase", "reset",
        ]
        let reads: Set<String> = ["beginTransaction", "push", "fetch", "log", "diff", "status"]
        guard let command = segments.last?.withoutFormat else { return .read }
        if commands.contains(command) || !method.isSafe && !reads.contains(command) {
            return .write(ObservedWrite(WriteScope(.everything, .edited), restyled: .none))
        }
        return .read
    }

    /// OGC API - Features part 4: `features/v1/collections/<name>/items/<id>`.
    private static func featureWrite(_ segments: [Substring]) -> WriteRecognition {
        guard let place = segments.firstIndex(of: "collections"), place + 1 < segments.count else {
            return .write(ObservedWrite(.everything))
        }
        let layer = LayerName(String(segments[place + 1]))
        return .write(ObservedWrite(WriteScope(.layer(layer), .edited), restyled: .none))
    }

    /// What the parameters of a query ask for.
    private enum Said {
        case nothing, read, transaction, execution

        var isWrite: Bool { self == .transaction || self == .execution }
    }

    /// Whether any REQUEST of the query is a transaction, or a process that stores something;
    /// servers differ in which one counts.
    private static func said(by query: RawSpan) -> Said {
        var walk = QueryParameters()
        var said = Said.nothing
        while let parameter = walk.next(in: query) {
            guard PercentCoding.spells(query.extracting(parameter.name), "request") else {
                continue
            }
            let value = query.extracting(valueWithoutBlanks(parameter.value, in: query))
            if said == .nothing { said = .read }
            if PercentCoding.spells(value, "transaction"), said == .read { said = .transaction }
            if PercentCoding.spells(value, "execute"), mayStore(query) { said = .execution }
        }
        return said
    }

    /// Whether an Execute by parameters (OGC 05-007r7 §10.2) may change what is served.
    static func mayStore(_ query: RawSpan) -> Bool {
        parameterValue("identifier", in: query).map(ProcessReader.stores) ?? true
    }

    /// Whether a value is a Boolean of XML Schema that holds.
    static func isTrue(_ value: String?) -> Bool {
        guard let value else { return false }
        return value == "1" || value.lowercased() == "true"
    }

    /// Whether the path holds a word, perhaps: an encoded byte may be part of it.
    private static func holds(_ path: RawSpan, _ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        for start in 0..<path.byteCount {
            if path[start] == UInt8(ascii: "%") { return true }
            if start + length <= path.byteCount,
                equalsIgnoringCase(path.extracting(start..<start + length), word)
            {
                return true
            }
        }
        return false
    }

    /// A media type in small letters, and its charset.
    static func decodedType(_ field: RawSpan) -> (name: String, charset: String?) {
        let text = String(decoding: (0..<field.byteCount).map { field[$0] }, as: UTF8.self)
        let parts = text.split(separator: ";").map { part in
            part.filter { !$0.isWhitespace && $0 != "\"" }.lowercased()
        }
        let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }
        return (parts.first ?? "", charset.map { String($0.dropFirst(8)) })
    }
}
