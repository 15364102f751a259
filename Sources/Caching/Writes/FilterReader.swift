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
            var boxes = left + right
            if boxes.count > WriteScope.boxLimit {
                GeographicBox.gather(&boxes, to: WriteScope.boxLimit * 3 / 4)
            }
            return .within(boxes, ifPoints: first || second)
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
        case any, all, spatial(ifPoints: Bool), identifier, unknown
    }

    /// MapLoom sends an update of this feature whenever a layer is added, to see whether it may.
    static let probe = "garbage_id"

    private var open: [(node: Node, bound: FilterBound?)] = []
    private var geometry: GeometryReader?
    /// Elements open within the spatial operator.
    private var depth = 0
    /// The spatial operator has had its first operand.
    private var hasOperand = false
    private let system: CoordinateSystem?
    /// What the filter as a whole says, once it has ended.
    private(set) var bound = FilterBound.anywhere
    /// `Filter` has ended.
    private(set) var isEnded = false

    init(system: CoordinateSystem?) {
        self.system = system
    }

    /// Whether a namespace is one of Filter Encoding; only its elements select anything.
    static func isFilter(_ uri: String?) -> Bool {
        uri == "http://www.opengis.net/ogc" || uri == "http://www.opengis.net/fes/2.0"
    }

    mutating func begin(_ element: XMLElement, _ namespaces: XMLNamespaces) {
        let uri = namespaces.uri(ofPrefix: element.name.prefix)
        let isGML = uri?.hasPrefix("http://www.opengis.net/gml") == true
        if geometry != nil {
            if depth == 0 { beginOperand(element.name.local) }
            depth += 1
            let isPlain =
                isGML || ["PropertyName", "ValueReference"].contains(element.name.local)
            // A function may make any place of what it is given.
            if !isPlain { open[open.count - 1].node = .unknown }
            geometry?.begin(element, isGML: isGML)
            return
        }
        let isFilter = Self.isFilter(uri)
        let node = isFilter ? Self.node(element.name.local, isRoot: open.isEmpty) : .unknown
        if case .spatial = node {
            geometry = GeometryReader(system: system)
            depth = 0
            hasOperand = false
        }
        // Identifiers stand in the filter itself; servers drop them where they find them elsewhere.
        if isFilter, open.count == 1, let found = Self.identified(element, namespaces) {
            open.append((.identifier, found))
        } else {
            open.append((node, nil))
        }
    }

    /// An operand of a spatial operator begins.
    private mutating func beginOperand(_ name: String) {
        let isProperty = ["PropertyName", "ValueReference"].contains(name)
        // `Within(place, feature)` selects what reaches at least as far as the place.
        if !hasOperand, !isProperty, case .spatial = open[open.count - 1].node {
            open[open.count - 1].node = .spatial(ifPoints: true)
        }
        hasOperand = true
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
            bound = .anywhere
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

    /// What an identifier selects: nothing only if whichever of its names a server reads is the
    /// probe's; nil for any other element.
    private static func identified(
        _ element: XMLElement, _ namespaces: XMLNamespaces
    ) -> FilterBound? {
        let (fid, rid) = (element.unprefixed("fid"), element.unprefixed("rid"))
        let isGML = { (prefix: String) in
            namespaces.uri(ofPrefix: prefix)?.hasPrefix("http://www.opengis.net/gml") == true
        }
        let gml = element.attributes.first {
            $0.name.local == "id" && $0.name.prefix.map(isGML) == true
        }?.value
        let own: String?
        switch element.name.local {
        case "FeatureId": own = fid
        case "ResourceId": own = rid
        case "GmlObjectId": own = gml
        default: return nil
        }
        let isProbe = own == probe && [fid, rid, gml].allSatisfy { $0 == nil || $0 == probe }
        return isProbe ? .nowhere : .anywhere
    }
}
