import HTTP

/// Writes to the site's own pages: GeoNode's and MapStory's.
///
/// What of them reaches GeoServer passes the edge a second time, when Django is configured to find
/// GeoServer behind it, and is then recognised by itself. Source: GeoNode and MapStory `urls.py`.
enum SiteWrites {
    private static var shown: EntryKinds { [.pages, .lists] }

    static func recognised(_ path: WritePath) -> WriteRecognition {
        let names = path.segments.map { String($0) }
        // Of whatever they are: a layer, a story, a group.
        if names.contains("permissions") || names.first == "geofence" {
            return .write(WriteRequest.permission)
        }
        switch names.first {
        // A session's own affairs, and what only looks like a write.
        case "accounts", "account", "o", "messages", "ajax", "proxy", "i18n", "flag", "icons",
            "static", "search", "notifications", "invitations":
            return .read
        case "layers", "data", "datasets": return layer(names)
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
            return page(names)
        // mapstories/save, comments, ratings, favourites, the API, the administrator's pages.
        default: return everywhere(shown)
        }
    }

    private static func everywhere(_ kinds: EntryKinds) -> WriteRecognition {
        .write(ObservedWrite(WriteScope(.everything, kinds)))
    }

    /// `layers/<name>/<replace, append, remove, style...>`
    private static func layer(_ names: [String]) -> WriteRecognition {
        switch names.dropFirst().first {
        case "acls", "resolve_user": return .read
        case nil, "upload", "create", "metadata":
            return everywhere([.capabilities, .pages, .lists])
        case let name?:
            var scope = WriteScope(.layer(LayerName(name)), .layer)
            scope.insert(WriteScope.Part(.everything, .lists))
            // Data may be loaded by a job that the request only starts.
            let loads = names.contains { ["append", "replace", "import"].contains($0) }
            return .write(ObservedWrite(scope, isDeferred: loads))
        }
    }

    /// One story, map or person, and the lists that show it.
    private static func page(_ names: [String]) -> WriteRecognition {
        guard names.count > 1, !["new", "edit", "save", "create", "draft"].contains(names[1]) else {
            return everywhere(shown)
        }
        var scope = WriteScope(.page("/\(names[0])/\(names[1])"), .pages)
        scope.insert(WriteScope.Part(.everything, .lists))
        return .write(ObservedWrite(scope))
    }
}
