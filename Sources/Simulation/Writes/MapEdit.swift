/// A write as its writer means it: what it asks for, what it does, and what came of it.
final class MapEdit {
    enum Operation {
        case insert(String, [MapModel.Feature])
        /// Of the feature by its id; moved, where a place is named.
        case update(String, Int, MapPlace?)
        case updateWithin(String, MapPlace, MapPlace?)
        case delete(String, Int)
        case deleteWithin(String, MapPlace)
        case restyle(String)
        /// The layer has another default style.
        case redress(String, String)
        case configure(String)
        case permit(String, isHidden: Bool)
        /// Of GeoWebCache: what was drawn before is not wanted any more.
        case truncate(String)
    }

    /// What the edge has to take it for.
    enum Outcome { case open, done, refused, unknown }

    let number: Int
    var operations: [Operation]
    var method = "POST"
    var path = "/geoserver/wfs"
    var type = "text/xml"
    var body = ""
    /// Of WFS; nil: it is no transaction.
    var version: String?
    /// What the edge may take it to reach.
    var reaches: [MapReach]
    /// The server may be at it behind its answer, as far as the edge knows.
    var isDeferred = false

    /// It goes past the edge.
    var passesBy = false
    /// Of a style: the layers whose default one it was when it was done.
    var drawn: Set<String> = []

    var outcome = Outcome.open
    var sentAt: UInt64 = 0
    /// When its writer heard what came of it, or of an edge that is gone.
    var answeredAt: UInt64?
    /// Its writer did not wait: `answeredAt` is when all waits for it are over.
    var isLeft = false

    init(_ number: Int, _ operations: [Operation]) {
        self.number = number
        self.operations = operations
        reaches = operations.map(MapReach.init)
    }

    /// It gives a layer another default style.
    var isRedress: Bool {
        if case .redress? = operations.first { true } else { false }
    }

    /// It changes what each server of a cluster has to read.
    var isOfCatalog: Bool {
        operations.contains { operation in
            switch operation {
            case .restyle, .redress, .configure: true
            default: false
            }
        }
    }

    /// The edge may have to read the catalogue anew behind it, or does not know meanwhile what it
    /// is, since it is long.
    var mayChangeCatalogue: Bool {
        passesBy || body.utf8.count > 50_000
            || operations.contains { operation in
                switch operation {
                case .redress, .configure, .permit: true
                default: false
                }
            }
    }

    /// A refusal proves nothing where several layers may be in several stores.
    var isDivisible: Bool {
        version != nil && Set(operations.compactMap(\.layer)).count > 1
    }
}

extension MapEdit.Operation {
    var layer: String? {
        switch self {
        case .insert(let layer, _), .update(let layer, _, _), .updateWithin(let layer, _, _),
            .delete(let layer, _), .deleteWithin(let layer, _), .configure(let layer),
            .redress(let layer, _),
            .permit(let layer, _), .truncate(let layer):
            layer
        case .restyle: nil
        }
    }
}

/// What a write may make stale by what it says: no more of the store than this may go.
struct MapReach {
    var layer: String?
    /// Empty: everywhere.
    var places: [MapPlace] = []
    /// Only what is drawn with it, or perhaps with it.
    var style: String?
    var kinds: [MapView.Kind] = MapModel.Footprint.all

    /// All there is.
    init() {}

    init(_ operation: MapEdit.Operation) {
        layer = operation.layer
        switch operation {
        case .insert(_, let features): places = features.map(\.place)
        case .deleteWithin(let layer, let box) where MapReach.isOfPoints(layer): places = [box]
        case .updateWithin(let layer, let box, let place) where MapReach.isOfPoints(layer):
            places = [box] + (place.map { [$0] } ?? [])
        case .restyle(let name):
            style = name
            kinds = [.tile, .picture, .legend, .info, .capabilities]
        case .truncate:
            kinds = [.tile, .picture]
        default: break
        }
    }

    private static func isOfPoints(_ layer: String) -> Bool {
        MapModel.pointLayers.contains(layer)
    }

    /// What the edge's margin may make of a picture's size: the rest of it, and rounding.
    static let margin = 1.1

    /// Whether an entry may go with the write.
    ///
    /// - Parameters:
    ///   - shown: what it shows, with that margin; nil: it is of no place.
    ///   - drawn: the layers that the style draws by default; nil: the edge need not know.
    ///   - isAnywhere: nor need it know which groups show the layer.
    func mayReach(
        _ view: MapView, at shown: MapPlace?, _ model: MapModel, drawn: Set<String>?,
        isAnywhere: Bool
    ) -> Bool {
        guard kinds.contains(view.kind) else { return false }
        if let style, let named = view.style, named != style { return false }
        if view.kind == .capabilities { return true }
        let members = view.layers.flatMap(model.members)
        guard layer == nil || isAnywhere || members.contains(where: { $0 == layer }) else {
            return false
        }
        // What is told of features does not tell its style, nor by which it is drawn.
        if style != nil, view.style == nil, view.kind != .info, let drawn {
            return !drawn.isDisjoint(with: members)
        }
        guard !places.isEmpty, let shown else { return true }
        return places.contains { shown.meets($0) }
    }
}
