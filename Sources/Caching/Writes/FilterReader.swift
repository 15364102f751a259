import HTTP
import Tiles

/// What a filter says about where the features are that it selects.
///
/// Source: OGC 02-059 and 04-095 (Filter Encoding 1.0, 1.1), OGC 09-026r1 (2.0).
enum FilterBound: Equatable {
    /// It selects none: it names only the feature that clients ask for to see whether they may
    /// write at all, and that never exists.
    case nowhere
    case anywhere
    /// Within these; or, if `ifPoints`, only features that are points are.
    case within([GeographicBox], ifPoints: Bool)

    /// Where what is selected by either is.
    func union(_ other: FilterBound) -> FilterBound {
        switch (self, other) {
        case (.nowhere, let bound), (let bound, .nowhere): return bound
        case (.anywhere, _), (_, .anywhere): return .anywhere
        case (.within(let left, let first), .within(let right, let second)):
            let boxes = left + right
            return boxes.count > WriteScope.boxLimit
                ? .anywhere : .within(boxes, ifPoints: first || second)
        }
    }

    /// Where what is selected by both is: the one that says more.
    func intersection(_ other: FilterBound) -> FilterBound {
        switch (self, other) {
        case (.nowhere, _), (_, .nowhere): return .nowhere
        case (.anywhere, let bound), (let bound, .anywhere): return bound
        case (.within(_, let first), .within(_, let second)):
            return first && !second ? other : self
        }
    }
}

/// Reads a filter from its elements, beginning with `Filter` itself.
struct FilterReader {
    private enum Node: Equatable {
        case any, all, spatial(ifPoints: Bool), unknown
    }

    /// MapLoom sends an update of this feature whenever a layer is added, to see whether it may.
    static let probe = "garbage_id"

    private var open: [(node: Node, bound: FilterBound?)] = []
    private var geometry: GeometryReader?
    /// Elements open within the spatial operator.
    private var depth = 0
    private let system: CoordinateSystem?
    /// What the filter as a whole says, once it has ended.
    private(set) var bound = FilterBound.anywhere
    /// `Filter` has ended.
    private(set) var isEnded = false

    init(system: CoordinateSystem?) {
        self.system = system
    }

    mutating func begin(_ element: XMLElement, isGML: Bool) {
        if geometry != nil {
            depth += 1
            let isPlain =
                isGML || ["PropertyName", "ValueReference"].contains(element.name.local)
            // A function may make any place of what it is given.
            if !isPlain { open[open.count - 1].node = .unknown }
            geometry?.begin(element, isGML: isGML)
            return
        }
        let node = Self.node(element.name.local, isRoot: open.isEmpty)
        if case .spatial = node {
            geometry = GeometryReader(system: system)
            depth = 0
        }
        open.append((node, Self.named(element)))
    }

    mutating func text(_ piece: String) { geometry?.text(piece) }

    mutating func end(_ name: XMLName) {
        if geometry != nil, depth > 0 {
            depth -= 1
            geometry?.end(name)
            return
        }
        guard let (node, found) = open.popLast() else { return }
        var bound = found ?? .anywhere
        if case .spatial(let ifPoints) = node, let geometry {
            let isKnown = geometry.hasGeometry && !geometry.isUnknown && !geometry.boxes.isEmpty
            bound = isKnown ? .within(geometry.boxes, ifPoints: ifPoints) : .anywhere
        } else if node == .unknown {
            // What is within decides nothing: it may be turned round.
            bound = Self.isIdentifier(name.local) ? bound : .anywhere
        }
        geometry = nil
        guard let parent = open.indices.last else {
            self.bound = bound
            isEnded = true
            return
        }
        guard let before = open[parent].bound else {
            open[parent].bound = bound
            return
        }
        open[parent].bound =
            open[parent].node == .all ? before.intersection(bound) : before.union(bound)
    }

    private static func node(_ name: String, isRoot: Bool) -> Node {
        switch name {
        case "Filter" where isRoot: .any
        case "Or": .any
        case "And": .all
        case "Within", "Equals": .spatial(ifPoints: false)
        case "BBOX", "Intersects", "Intersect", "Contains", "Crosses", "Overlaps", "Touches":
            .spatial(ifPoints: true)
        default: .unknown
        }
    }

    private static func isIdentifier(_ name: String) -> Bool {
        ["FeatureId", "GmlObjectId", "ResourceId"].contains(name)
    }

    /// What an identifier selects; nil for any other element.
    private static func named(_ element: XMLElement) -> FilterBound? {
        guard isIdentifier(element.name.local) else { return nil }
        let identifier = element["fid"] ?? element["rid"] ?? element["id"]
        return identifier == probe ? .nowhere : .anywhere
    }
}
