import HTTP
import Tiles

/// What a WFS transaction touches, read from its elements, beginning with `Transaction` itself.
///
/// WFS 1.0 (OGC 02-058 §9), 1.1 (04-094 §12), 2.0 (09-025r2 §15). Of an Insert it is the boxes of
/// its features, each for itself. An Update, Replace or Delete also touches where its features
/// were, of which only a filter can tell: without one that does, it is the whole layer.
struct TransactionReader {
    private struct Operation {
        enum Kind { case insert, update, delete, replace }
        var kind: Kind
        var layer: LayerName?
        /// The system that the element itself gives its geometries (04-094 §12.2.4).
        var system: CoordinateSystem?
        var namesSystem = false
        var bound: FilterBound?
        var boxes: [GeographicBox] = []
        /// A place that is not known was written.
        var isAnywhere = false
        var hasFeature = false
    }

    /// What was touched so far; whole only once the document is.
    private(set) var scope = WriteScope()
    /// Something was met that may touch anything.
    private(set) var isLost = false

    private let context: WriteContext
    private let workspace: String?
    private var depth = 0
    private var operation: Operation?
    private var filter: FilterReader?
    private var geometry: GeometryReader?
    /// Depth of the feature, or property, that `geometry` reads.
    private var geometryDepth = 0

    /// The Content-Type names an encoding that is not UTF-8, of which servers differ in whether it
    /// counts: a name of other letters than ASCII's may be another one to them.
    private let hasDoubtfulNames: Bool

    init(context: WriteContext, workspace: String?, charset: String? = nil) {
        hasDoubtfulNames = !["utf-8", "utf8", "us-ascii"].contains(charset?.lowercased() ?? "utf-8")
        self.context = context
        self.workspace = workspace
    }

    mutating func begin(_ element: XMLElement, _ namespaces: XMLNamespaces) {
        depth += 1
        let uri = namespaces.uri(ofPrefix: element.name.prefix)
        let isGML = uri?.hasPrefix("http://www.opengis.net/gml") == true
        if filter != nil {
            filter?.begin(element, namespaces)
        } else if geometry != nil {
            // A collection where a feature's property should be: whose features these are is
            // beyond what is followed.
            if ["featureMember", "featureMembers", "member"].contains(element.name.local) {
                isLost = true
            }
            geometry?.begin(element, isGML: isGML)
        } else if depth == 2 {
            beginOperation(element, namespaces)
        } else if depth > 2, operation != nil {
            beginWithin(element, namespaces, isGML: isGML)
        }
    }

    private mutating func beginOperation(_ element: XMLElement, _ namespaces: XMLNamespaces) {
        let kind: Operation.Kind
        switch element.name.local {
        case "Insert": kind = .insert
        case "Update": kind = .update
        case "Delete": kind = .delete
        case "Replace": kind = .replace
        case "LockId": return
        default:
            // Native, and whatever else a server may understand.
            isLost = true
            return
        }
        var begun = Operation(kind: kind)
        if let name = element.unprefixed("srsName") {
            begun.system = CoordinateSystem(named: name)
            begun.namesSystem = true
        }
        if kind == .update || kind == .delete {
            guard let name = element.unprefixed("typeName"), let layer = named(name, namespaces)
            else {
                isLost = true
                return
            }
            begun.layer = layer
        }
        operation = begun
    }

    private mutating func beginWithin(
        _ element: XMLElement, _ namespaces: XMLNamespaces, isGML: Bool
    ) {
        guard let operation else { return }
        let name = element.name.local
        // Of another namespace it is nothing that a server heeds, so that it selects all.
        let isFilter =
            name == "Filter" && operation.kind != .insert
            && FilterReader.isFilter(namespaces.uri(ofPrefix: element.name.prefix))
        if isFilter, depth == 3 {
            filter = FilterReader(system: system(operation.layer))
            filter?.begin(element, namespaces)
            return
        }
        switch operation.kind {
        case .delete: self.operation?.isAnywhere = true
        case .update:
            if name != "Property" { self.operation?.isAnywhere = true }
            beginGeometry(element, layer: operation.layer, isGML: isGML)
        case .insert, .replace:
            let isService = namespaces.uri(ofPrefix: element.name.prefix)?
                .hasPrefix("http://www.opengis.net/wfs")
            let collects = ["FeatureCollection", "featureMember", "featureMembers", "member"]
            if isGML || isService == true {
                // What holds features; anything else is no feature that is known.
                if !collects.contains(name), name != "boundedBy" { isLost = true }
                if name == "boundedBy" { beginGeometry(element, layer: nil, isGML: isGML) }
                return
            }
            let layer = layer(name, prefix: element.name.prefix, namespaces, isElement: true)
            if layer == nil { isLost = true }
            self.operation?.layer = layer
            self.operation?.hasFeature = true
            beginGeometry(element, layer: layer, isGML: isGML)
        }
    }

    private mutating func beginGeometry(_ element: XMLElement, layer: LayerName?, isGML: Bool) {
        geometry = GeometryReader(system: system(layer))
        geometryDepth = depth
        geometry?.begin(element, isGML: isGML)
    }

    mutating func text(_ piece: String) {
        filter?.text(piece)
        geometry?.text(piece)
        // A value may be a geometry as well-known text, which GeoTools converts.
        if geometry != nil, operation?.kind == .update, piece.contains("(") {
            operation?.isAnywhere = true
        }
    }

    mutating func end(_ name: XMLName) {
        defer { depth -= 1 }
        if var reader = filter {
            reader.end(name)
            filter = reader.isEnded ? nil : reader
            if reader.isEnded {
                let before = operation?.bound
                operation?.bound = before.map { $0.union(reader.bound) } ?? reader.bound
            }
            return
        }
        if geometry != nil {
            geometry?.end(name)
            if depth == geometryDepth { endGeometry(isBounds: name.local == "boundedBy") }
            return
        }
        if depth == 2 { endOperation() }
    }

    private mutating func endGeometry(isBounds: Bool) {
        guard let read = geometry, let operation else { return }
        geometry = nil
        // The bounds of a collection say less than its features do.
        if isBounds { return }
        let isFeature = operation.kind == .insert || operation.kind == .replace
        let isAnywhere = read.isUnknown || isFeature && (!read.hasGeometry || read.boxes.isEmpty)
        if operation.kind == .insert, let layer = operation.layer {
            // One by one, so that a long insert does not fill memory.
            touch(layer, isAnywhere ? nil : read.boxes)
            return
        }
        var boxes = isAnywhere ? [] : operation.boxes + read.boxes
        if boxes.count > WriteScope.boxLimit {
            GeographicBox.gather(&boxes, to: WriteScope.boxLimit * 3 / 4)
        }
        self.operation?.boxes = boxes
        if isAnywhere { self.operation?.isAnywhere = true }
    }

    private mutating func endOperation() {
        guard let ended = operation else { return }
        operation = nil
        if ended.kind == .insert {
            if !ended.hasFeature { isLost = true }
            return
        }
        guard let layer = ended.layer else {
            isLost = true
            return
        }
        switch ended.bound ?? .anywhere {
        case .nowhere: return
        case .within(let old, let ifPoints)
        where !ended.isAnywhere && (!ifPoints || context.pointLayers.contains(layer)):
            touch(layer, old + ended.boxes)
        default: touch(layer, nil)
        }
    }

    private mutating func touch(_ layer: LayerName, _ boxes: [GeographicBox]?) {
        scope.insert(WriteScope.Part(.layer(layer), .edited, boxes: boxes ?? []))
    }

    /// The system of geometries that name none.
    private func system(_ layer: LayerName?) -> CoordinateSystem? {
        if let operation, operation.namesSystem { return operation.system }
        return layer.flatMap { context.systems[$0] }
    }

    /// The layer that a `typeName` names; nil if that is no name.
    private func named(_ text: String, _ namespaces: XMLNamespaces) -> LayerName? {
        let name = text.split(whereSeparator: \.isWhitespace)
        guard name.count == 1, !name[0].contains(where: { "(),*/".contains($0) }) else {
            return nil
        }
        let parts = name[0].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let local = String(parts[parts.count - 1])
        guard !local.isEmpty else { return nil }
        return layer(
            local, prefix: parts.count == 2 ? String(parts[0]) : nil, namespaces, isElement: false)
    }

    /// A feature type as a layer of a workspace, as far as namespaces tell; a workspace that two
    /// signs disagree on is not known. nil: nor is the name.
    ///
    /// A prefix means what the document binds it to; one that it does not bind is a workspace's
    /// own name, which GeoServer's catalogue binds.
    private func layer(
        _ local: String, prefix: String?, _ namespaces: XMLNamespaces, isElement: Bool
    ) -> LayerName? {
        if hasDoubtfulNames, (local + (prefix ?? "")).utf8.contains(where: { $0 >= 0x80 }) {
            return nil
        }
        let named: String?
        if let uri = namespaces.uri(ofPrefix: prefix) {
            named = context.workspaces[uri]
        } else {
            named = isElement ? nil : prefix
        }
        let isAgreed = named == nil || workspace == nil || named == workspace
        return LayerName(workspace: isAgreed ? named ?? workspace : nil, local)
    }
}
