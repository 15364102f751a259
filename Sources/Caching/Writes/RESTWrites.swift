import HTTP

/// Writes to GeoServer's REST configuration, and that of its extensions: importer, GeoFence.
///
/// Source: GeoServer user manual, "REST", and `org.geoserver.rest.catalog`. Layers that use a
/// style, and groups that have a layer, are known to the catalogue and not to the path.
enum RESTWrites {
    /// - Parameter segments: those behind `rest`.
    static func recognised(
        _ segments: [Substring], _ method: HTTP.Method, _ query: RawSpan,
        type: (name: String, charset: String?)
    ) -> WriteRecognition {
        let names = WritePath.resource(segments)
        let request = RESTRequest(names, method, query, type: type)
        guard let first = names.first else { return .read }
        switch first {
        case "workspaces", "namespaces": return workspace(request)
        case "styles": return style(request, at: 0, workspace: nil)
        case "layers", "layergroups": return layer(request, at: 0, workspace: nil)
        case "imports": return imports(request)
        case "security", "geofence", "ruleCache", "roles", "usergroup", "authproviders",
            "authfilters", "filterchains":
            return permission(request)
        // They change no answer.
        case "about", "logging", "monitor", "sldservice", "urlchecks", "fonts": return .read
        case "services":
            // services/wms/workspaces/<name>/settings
            guard let place = names.firstIndex(of: "workspaces"), place + 1 < names.count else {
                return .write(ObservedWrite(.everything))
            }
            return whole(names[place + 1])
        case "resource":
            guard names.count > 3, names[1] == "workspaces" else {
                return .write(ObservedWrite(.everything))
            }
            return whole(names[2])
        // reload, reset, settings, templates, and what is not known.
        default: return .write(ObservedWrite(.everything))
        }
    }

    private static func whole(_ workspace: String) -> WriteRecognition {
        .write(ObservedWrite(WriteScope(.workspace(workspace), .all)))
    }

    /// `workspaces/<name>/...`; a namespace is the same thing by another name.
    private static func workspace(_ request: RESTRequest) -> WriteRecognition {
        // A new one has nothing that could be stale.
        guard request.names.count > 1 else {
            return .write(ObservedWrite(WriteScope(.everything, [.capabilities, .lists])))
        }
        let name = request.names[1]
        guard request.names.count > 2 else { return whole(name) }
        switch request.names[2] {
        case "styles": return style(request, at: 2, workspace: name)
        case "layers", "layergroups", "featuretypes", "coverages", "wmslayers", "wmtslayers":
            return layer(request, at: 2, workspace: name)
        case "datastores", "coveragestores", "wmsstores", "wmtsstores":
            // A new store has no layers yet.
            if request.names.count == 3 { return .read }
            guard request.names.count > 4 else { return whole(name) }
            switch request.names[4] {
            case "featuretypes", "coverages", "layers", "wmslayers", "wmtslayers":
                return layer(request, at: 4, workspace: name)
            // Uploaded files: which layers they become, or feed, is not said.
            default: return whole(name)
            }
        default: return whole(name)
        }
    }

    /// A collection of layers, or one of them: everything about it, and the lists it is in.
    private static func layer(
        _ request: RESTRequest, at place: Int, workspace: String?
    ) -> WriteRecognition {
        guard place + 1 < request.names.count else {
            let target = workspace.map { WriteScope.Target.workspace($0) } ?? .everything
            let unread = ObservedWrite(WriteScope(target, .all))
            return .body(
                WriteBody(form: .newLayer, workspace: workspace, charset: request.charset),
                unread: unread)
        }
        var name = LayerName(request.names[place + 1])
        if let workspace { name.workspace = workspace }
        // With a layer its styles are deleted if that is wished, which others may have.
        let mayDelete = request.method == .delete && request.names[place] == "layers"
        return .write(
            ObservedWrite(
                WriteScope(.layer(name), .all), restyled: mayDelete ? .any : .layer(name)))
    }

    private static func style(
        _ request: RESTRequest, at place: Int, workspace: String?
    ) -> WriteRecognition {
        let isThere = place + 1 < request.names.count
        guard let named = isThere ? request.names[place + 1] : request.name else {
            // Nothing is drawn with it yet, but what names a style that it hides.
            let new = WriteScope(.everything, [.legends, .capabilities])
            let unread = ObservedWrite(new, restyled: .none)
            guard !request.hasStyleText else { return .write(unread) }
            return .body(
                WriteBody(form: .style(nil), workspace: workspace, charset: request.charset),
                unread: unread)
        }
        var name = LayerName(named)
        if let workspace { name.workspace = workspace }
        // No layer has a new style yet, and none gets another one by what its own says.
        let isSame = !isThere || request.method == .put && request.hasStyleText
        var write = ObservedWrite(
            WriteScope(.style(name), .drawn), restyled: isSame ? .none : .any)
        // A workspace's own hides the one of all workspaces that has its name.
        if !isThere, request.method == .post, workspace == nil {
            write.scopeIfNew = WriteScope(.namedStyle(name), .drawn)
        }
        // A document about a style, rather than its text, may give it another name.
        guard isThere, request.method == .put, !isSame else { return .write(write) }
        return .body(
            WriteBody(form: .style(name), workspace: workspace, charset: request.charset),
            unread: write)
    }

    /// The importer changes something when an import is run, perhaps after its answer.
    private static func imports(_ request: RESTRequest) -> WriteRecognition {
        let runs = request.names.count == 2 && request.method == .post
        guard request.method == .post || request.method == .put, runs || request.executes else {
            return .read
        }
        var write = ObservedWrite(.everything, isDeferred: request.isAsynchronous)
        write.job = ImportJob(id: runs ? request.names[1] : nil)
        // It was not there, and is made only.
        if !request.executes { write.scopeIfNew = WriteScope() }
        return .write(write)
    }

    /// Who may see what: at once, and not even stale.
    private static func permission(_ request: RESTRequest) -> WriteRecognition {
        let all = ObservedWrite(WriteScope(.everything, .all, isHard: true), restyled: .none)
        if request.names.prefix(3) == ["security", "acl", "layers"] {
            if request.names.count == 3, request.method == .post || request.method == .put {
                return .body(
                    WriteBody(form: .layerRules, workspace: nil, charset: request.charset),
                    unread: all)
            }
            guard request.names.count > 3, let target = target(ofRule: request.names[3]) else {
                return .write(all)
            }
            return .write(
                ObservedWrite(WriteScope(target, .all, isHard: true), restyled: .none))
        }
        // It names nothing, and no other request tells what it is about: rules may have been
        // changed in a GeoFence beside the servers, unseen, so that those that did pass may not be
        // all; what was drawn since they did was drawn by the old ones. Nor is what is public
        // safe, which may have become private. Only the site's own pages are under other rules.
        if request.names.contains("ruleCache") {
            let ruled = EntryKinds.all.subtracting([.pages, .lists])
            return .write(
                ObservedWrite(WriteScope(.everything, ruled, isHard: true), restyled: .none))
        }
        let isNewRule = request.names.prefix(2) == ["geofence", "rules"] && request.method == .post
        guard isNewRule, request.names.count == 2 else { return .write(all) }
        return .body(
            WriteBody(form: .accessRule, workspace: nil, charset: request.charset), unread: all)
    }

    /// Whose entries a rule is about, `<workspace>.<layer>.<r, w or a>` with stars for all; nil: of
    /// everything, or not known, as names may have points.
    static func target(ofRule name: String) -> WriteScope.Target? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] != "*", ["r", "w", "a"].contains(parts[2]),
            !parts[0].isEmpty, !parts[1].isEmpty
        else { return nil }
        return parts[1] == "*"
            ? .workspace(String(parts[0]))
            : .layer(LayerName(workspace: String(parts[0]), String(parts[1])))
    }
}

/// What of a REST request decides.
struct RESTRequest {
    var names: [String]
    var method: HTTP.Method
    /// The parameter `name`, by which a style is made.
    var name: String?
    /// The parameter `exec`, by which an import runs as soon as it is made.
    var executes: Bool
    /// The parameter `async`, by which it is answered before the import is done.
    var isAsynchronous: Bool
    var charset: String?
    /// Its body is a style's own text, by its media type, and no document about it.
    var hasStyleText: Bool

    /// GeoServer's `StyleHandler`s, and a style's text with its pictures.
    private static let styleTexts: Set<String> = [
        "application/vnd.ogc.sld+xml", "application/vnd.ogc.se+xml",
        "application/vnd.geoserver.geocss+css", "application/vnd.geoserver.ysld+yaml",
        "application/vnd.geoserver.mbstyle+json", "application/zip",
    ]

    init(
        _ names: [String], _ method: HTTP.Method, _ query: RawSpan,
        type: (name: String, charset: String?)
    ) {
        self.names = names
        self.method = method
        charset = type.charset
        hasStyleText = Self.styleTexts.contains(type.name)
        name = parameterValue("name", in: query).flatMap { $0.isEmpty ? nil : $0 }
        executes = parameterValue("exec", in: query)?.lowercased() == "true"
        isAsynchronous = parameterValue("async", in: query) != nil
    }
}
