/// Writes to GeoNode's interface for programs, `api/v2`, by which all of GeoNode 4's own pages
/// write, too.
///
/// It knows what it has by numbers. What it does to GeoServer may go there by another way than the
/// edge, or in a job behind its answer, so that what a path says is all that is known of it, but
/// for what the answer names. Source: GeoNode 4, `base/api/views.py`, `layers/api/views.py`,
/// `upload/api/views.py`, `resource/api/views.py`.
enum APIWrites {
    private enum Effect {
        /// It changes no answer but those about jobs, which are never old.
        case none
        /// What is told of something, and no picture.
        case told
        /// Likewise, and of a layer, whose capabilities tell it, too.
        case described
        /// Some layer, in all that shows it; its answer may tell which.
        case layer
        /// Anything, by a job.
        case job
        /// Who may see something, by a job.
        case permission
    }

    /// By the collection and by what is done in it, which is the first segment behind it that is
    /// no number; the first row that fits counts, and an empty list fits anything.
    private static let rows: [(collections: [String], actions: [String], effect: Effect)] = [
        (["executionrequest", "facets", "management"], [], .none),
        (["resource-service"], ["execution-status"], .none),
        ([], ["permissions"], .permission),
        (["datasets"], ["metadata"], .described),
        (["datasets"], ["replace", "append"], .job),
        (["datasets"], [], .layer),
        (
            ["resources"],
            [
                "favorite", "set_thumbnail", "set_thumbnail_from_bbox", "extra_metadata",
                "linked_resources", "assets",
            ], .told
        ),
        // Of whatever kind: its answer tells that as well.
        (["resources"], [""], .layer),
        // A job that makes, changes, copies or takes away.
        (["resources", "resource-service", "uploads", "upload", "harvesters"], [], .job),
        (["harvestable-resources", "services"], [], .job),
        (["metadata"], [], .described),
        // Maps, geoapps, documents, keywords, regions, and what is not known.
        ([], [], .told),
    ]

    /// - Parameters:
    ///   - names: those behind `api/v2`.
    ///   - numbers: see ``WriteContext/numbers``.
    static func recognised(
        _ names: ArraySlice<String>, _ numbers: [String: LayerName]
    ) -> WriteRecognition {
        let collection = names.first ?? ""
        let action = names.dropFirst().first { !SiteWrites.isNumber($0) } ?? ""
        let row = rows.first {
            ($0.collections.isEmpty || $0.collections.contains(collection))
                && ($0.actions.isEmpty || $0.actions.contains(action))
        }
        let isLayers = ["datasets", "resources"].contains(collection)
        let layer = isLayers ? names.dropFirst().first.flatMap { numbers[$0] } : nil
        var write: ObservedWrite
        switch row?.effect ?? .told {
        case .none: return .read
        case .told: write = ObservedWrite(shown(layer, .pages), restyled: .none)
        case .described:
            write = ObservedWrite(shown(layer, [.pages, .capabilities]), restyled: .none)
        case .layer, .job:
            // What comes of a copy is another layer, which is in no document yet.
            var scope = layer.map { shown($0, .layer) } ?? .everything
            if layer != nil { scope.insert(WriteScope.Part(.everything, .capabilities)) }
            write = ObservedWrite(scope, restyled: layer.map { .layer($0) } ?? .any)
        case .permission: write = SiteWrites.permission(of: layer)
        }
        write.isDeferred = row?.effect == .job || row?.effect == .permission
        write.isNamedByAnswer = write.isDeferred || row?.effect == .layer
        return .write(write)
    }

    /// What shows a layer, or any, and the lists.
    fileprivate static func shown(_ layer: LayerName?, _ kinds: EntryKinds) -> WriteScope {
        guard let layer else { return WriteScope(.everything, kinds.union(.lists)) }
        var scope = WriteScope(.layer(layer), kinds)
        scope.insert(WriteScope.Part(.everything, .lists))
        return scope
    }
}

extension ObservedWrite {
    /// Takes from the beginning of an answer, as GeoNode's `api/v2` gives it, which layer it
    /// touched in place of all, and which job goes on with it.
    public mutating func learn(fromAnswer json: [UInt8]) {
        guard isNamedByAnswer else { return }
        if let id = JSONMember.text(at: ["execution_id"], in: json) { job = ImportJob(id: id) }
        // What a job does to others its first answer does not tell.
        guard !isDeferred else { return }
        let kind = JSONMember.text(at: ["resource", "resource_type"], in: json)
        if let kind, kind != "dataset" {
            scope = WriteScope(.everything, [.pages, .lists])
            restyled = .none
            return
        }
        let root = kind == nil ? "dataset" : "resource"
        guard let name = JSONMember.text(at: [root, "alternate"], in: json) else { return }
        let layer = LayerName(name)
        // Of a remote one it is another server's name.
        guard layer.workspace != nil, !layer.name.isEmpty else { return }
        scope = APIWrites.shown(layer, .layer)
        restyled = .layer(layer)
    }
}
