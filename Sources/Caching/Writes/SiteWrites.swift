import HTTP

/// Writes to the site's own pages: GeoNode's and MapStory's.
///
/// What of them reaches GeoServer passes the edge a second time, when Django is configured to find
/// GeoServer behind it, and is then recognised by itself. Source: GeoNode and MapStory `urls.py`.
enum SiteWrites {
    private static var shown: EntryKinds { [.pages, .lists] }

    private static let stories = ["story", "maps", "mapstory"]

    private static let parts: Set<String> = [
        "layers", "data", "datasets", "upload", "importer-api", "importer", "security", "story",
        "maps", "mapstory", "mapstories", "storyteller", "organizations", "teams", "initiatives",
        "journal", "groups", "people", "documents", "api", "accounts", "account",
    ]

    /// - Parameters:
    ///   - page: the path of the page that it was sent from; nil: not known.
    ///   - context: which prefixes the site has, and which languages: each page of it is at its
    ///     path, and at that behind the tag of a language (Django, `i18n_patterns`).
    static func recognised(
        _ path: WritePath, from page: [UInt8]?, _ context: WriteContext
    ) -> WriteRecognition {
        let names = names(of: path, context)
        let places = places(context)
        if let first = names.first, remarks.contains(first) {
            return remark(names, from: page, places, context)
        }
        return recognised(names, places, context.numbers)
    }

    /// What a path says of the page, behind the site's prefix and the language.
    static func names(of path: WritePath, _ context: WriteContext) -> [String] {
        let all = path.segments.map { String($0) }
        // A site may be told by its parts (`/layers`), which are no prefix of it.
        let isPart = all.first.map(parts.contains) ?? true
        let start = isPart ? 0 : context.sitePrefix(of: all)
        let isInLanguage = all.count > start && context.isLanguage(all[start])
        return Array(all[(start + (isInLanguage ? 1 : 0))...])
    }

    /// What may stand before the path of a page: each prefix of the site, alone and with each of
    /// its languages.
    private static func places(_ context: WriteContext) -> [String] {
        let prefixes = context.site.filter { prefix in
            prefix.split(separator: "/").first.map { !parts.contains(String($0)) } ?? true
        }.map { $0 == "/" ? "" : $0 }
        return (prefixes.isEmpty ? [""] : prefixes).flatMap { prefix in
            [prefix] + context.languages.map { "\(prefix)/\($0)" }
        }
    }

    /// - Parameters:
    ///   - places: what stands before `names` in the paths of the same page.
    ///   - numbers: see ``WriteContext/numbers``.
    private static func recognised(
        _ names: [String], _ places: [String], _ numbers: [String: LayerName]
    ) -> WriteRecognition {
        if names.prefix(2) == ["api", "v2"] {
            return APIWrites.recognised(names.dropFirst(2), numbers)
        }
        if names.contains(where: { $0.hasSuffix("permissions") }) || names.first == "geofence" {
            return .write(permission(of: layer(ofPermission: names, numbers)))
        }
        switch names.first {
        // A session's own affairs, signing in by way of others, and what only looks like a write.
        case "accounts", "account", "o", "messages", "ajax", "proxy", "i18n", "flag", "icons",
            "static", "search", "notifications", "invitations", "oauth2", "login":
            return .read
        // A search whose terms are too long for an address.
        case "api" where names.last == "search": return .read
        case "layers", "data", "datasets": return layer(names, numbers)
        case "upload":
            return everywhere([.capabilities, .pages, .lists])
        case "importer-api", "importer":
            // Features go into tables without a word to GeoServer, and after the answer.
            guard names.contains("configure") else { return everywhere(.lists) }
            return .write(ObservedWrite(.everything, isDeferred: true))
        case "security":
            return .write(WriteRequest.permission)
        case "story", "maps", "mapstory", "storyteller", "organizations", "teams", "initiatives",
            "journal", "groups", "people", "documents":
            return page(names, places)
        // mapstories/save, the API, the administrator's pages.
        default: return everywhere(shown)
        }
    }

    /// Which layer's permissions are written; nil: nobody knows, or not only a layer's. A map's may
    /// go on to all of its layers, a group's to whatever its members see; a number is a record's
    /// of any kind, nor does the answer tell which (`security/permissions/<id>`).
    private static func layer(
        ofPermission names: [String], _ numbers: [String: LayerName]
    ) -> LayerName? {
        guard names.count > 2 else { return nil }
        if names[0] == "security", names[1] == "permissions" { return numbers[names[2]] }
        let isLayer = ["layers", "data", "datasets"].contains(names[0])
        return isLayer && names[2].hasSuffix("permissions") ? layerName(names[1], numbers) : nil
    }

    /// A change of who may see a layer; nil: any.
    static func permission(of layer: LayerName?) -> ObservedWrite {
        var write = WriteRequest.permission
        guard let layer else { return write }
        write.scope = WriteScope(.layer(layer), .all, isHard: true)
        write.scope.insert(WriteScope.Part(.everything, .lists))
        write.restyled = .none
        return write
    }

    private static func layerName(_ name: String, _ numbers: [String: LayerName]) -> LayerName? {
        isNumber(name) ? numbers[name] : LayerName(name)
    }

    static func isNumber(_ name: String) -> Bool { name.allSatisfy { ("0"..."9").contains($0) } }

    private static func everywhere(_ kinds: EntryKinds) -> WriteRecognition {
        .write(ObservedWrite(WriteScope(.everything, kinds)))
    }

    /// `layers/<name>/<replace, append, remove, style...>`; MapStory's `layers/append` has the name
    /// in its form.
    private static func layer(
        _ names: [String], _ numbers: [String: LayerName]
    ) -> WriteRecognition {
        switch names.dropFirst().first {
        // Questions, and a mail to whoever wants to know of a download.
        case "acls", "resolve_user", "download", "notify-download": return .read
        case "append", "replace": return .write(ObservedWrite(.everything, isDeferred: true))
        case "upload":
            // A layer that is new, made by a job that the request only starts.
            let scope = WriteScope(.everything, [.capabilities, .pages, .lists])
            return .write(ObservedWrite(scope, isDeferred: true))
        case nil, "create", "metadata": return everywhere([.capabilities, .pages, .lists])
        case "thumbnail": return everywhere(shown)
        case let name?:
            // What is told of it, and no picture: GeoNode tells GeoServer's part to GeoServer.
            let isTold = ["thumbnail", "metadata"].contains { names.dropFirst(2).contains($0) }
            // A number is a record's of whatever layer (MapStory, `layer_detail_id`).
            let target: WriteScope.Target =
                layerName(name, numbers).map { .layer($0) } ?? .everything
            let told: EntryKinds = names.contains("metadata") ? [.pages, .capabilities] : .pages
            var scope = WriteScope(target, isTold ? told : .layer)
            scope.insert(WriteScope.Part(.everything, .lists))
            // Data may be loaded by a job that the request only starts.
            let loads = names.contains { ["append", "replace", "import"].contains($0) }
            return .write(
                ObservedWrite(scope, isDeferred: loads, restyled: isTold ? .none : .any))
        }
    }

    // MARK: remarks

    /// Comments, ratings and favourites (dialogos, agon_ratings, GeoNode's `favorite`): their paths
    /// tell a number of whatever kind, and the page that has their form tells what it is about.
    private static let remarks: Set<String> = [
        "comments", "dialogos", "ratings", "agon_ratings", "favorite", "favorites", "likes",
    ]

    /// What has pages by the number that a favourite's path names.
    private static let favourites = ["map": "maps", "document": "documents"]

    /// Whether a path says that it is about another kind of thing than the page that it came from.
    private static func contradicts(_ names: [String], _ page: String) -> Bool {
        let kinds = [
            "layer": ["layers", "data", "datasets"], "dataset": ["layers", "data", "datasets"],
            "map": stories, "story": stories, "mapstory": stories, "document": ["documents"],
            "user": ["people", "storyteller"],
        ]
        guard names.count > 1, let pages = kinds[names[1]] else { return false }
        return !pages.contains(page)
    }

    private static func remark(
        _ names: [String], from page: [UInt8]?, _ places: [String], _ context: WriteContext
    ) -> WriteRecognition {
        // `favorite/map/5/add`, whichever page lists it.
        if names.count > 2, let kind = favourites[names[1]] {
            return self.page([kind, names[2]], places)
        }
        guard let page else { return everywhere(shown) }
        let subject = unsafe self.names(of: WritePath(page.span.bytes), context)
        guard subject.count > 1, !contradicts(names, subject[0]) else { return everywhere(shown) }
        switch subject[0] {
        case "layers", "data", "datasets":
            // A number is a record's of whatever layer, as it is in the pages' own paths.
            guard !isNumber(subject[1]) else { return everywhere(shown) }
            var scope = WriteScope(.layer(LayerName(subject[1])), .pages)
            scope.insert(WriteScope.Part(.everything, .lists))
            return .write(ObservedWrite(scope))
        case "story", "maps", "mapstory", "documents": return self.page(subject, places)
        default: return everywhere(shown)
        }
    }

    /// Most places at which pages are named one by one.
    private static let placesMax = 8

    /// What has a portrait or a logo, and where the site keeps those, by names that do not tell
    /// whose they are.
    private static let portrayed: Set<String> = [
        "storyteller", "organizations", "teams", "initiatives", "groups", "people",
    ]
    private static let portraits = [
        "/uploaded/thumbs", "/thumbs", "/uploaded/avatars", "/media/avatars",
    ]

    /// One story, map or person, and the lists that show it. MapStory has a story at three
    /// addresses, by a number and by a name that does not tell the number: of the other two all
    /// are touched, and all pictures of stories.
    private static func page(_ names: [String], _ places: [String]) -> WriteRecognition {
        guard names.count > 1, !["new", "edit", "save", "create", "draft"].contains(names[1]),
            places.count <= placesMax
        else { return everywhere(shown) }
        let isStory = stories.contains(names[0])
        var scope = WriteScope()
        for place in places {
            var paths = ["/\(names[0])/\(names[1])"]
            if isStory {
                paths += stories.filter { $0 != names[0] }.map { "/\($0)" }
                paths += ["/uploaded/thumbs", "/thumbs"]
            }
            for path in paths { scope.insert(WriteScope.Part(.page(place + path), .pages)) }
        }
        if portrayed.contains(names[0]) {
            for path in portraits { scope.insert(WriteScope.Part(.page(path), .pages)) }
        }
        scope.insert(WriteScope.Part(.everything, .lists))
        return .write(ObservedWrite(scope))
    }
}
