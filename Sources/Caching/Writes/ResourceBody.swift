import HTTP
import Tiles

/// The body of a REST request as a short list of values, each with the names of the elements it
/// stands in, and what they mean.
struct ResourceBody {
    private let body: WriteBody
    private let gridSets: GridSets
    private var stream: XMLStream
    private var values: ResourceValues
    private var isSound = true
    /// Of what is no XML, all of it; nil: it is not known yet, or is XML.
    private var text: [UInt8]?
    private var isXML = false
    private let valuesMax: Int

    init(_ body: WriteBody, _ context: WriteContext) {
        (self.body, gridSets) = (body, context.gridSets)
        // A feature type has some for each of its attributes.
        valuesMax = body.form == .newLayer ? 4_096 : 256
        values = ResourceValues(atMost: valuesMax)
        var limits = XMLLimits.document
        limits.depth = 32
        stream = XMLStream(limits: limits, charset: body.charset)
    }

    mutating func take(_ bytes: RawSpan) {
        guard isSound else { return }
        if !isXML, !hold(bytes) { return }
        stream.append(bytes)
        read()
    }

    /// Keeps what comes of a document until its first byte says in what it is written; servers go
    /// by its type, by its path's ending, or by both.
    ///
    /// - Returns: whether it is XML.
    private mutating func hold(_ bytes: RawSpan) -> Bool {
        if text == nil {
            let first = (0..<bytes.byteCount).map { bytes[$0] }.first { $0 > 0x20 }
            // Of white space nothing is known, and a scanner may see it all the same. What is in
            // UTF-16, or begins with a mark, is no form.
            guard let first, first == UInt8(ascii: "{") || Self.mayBeginForm(first) else {
                isXML = first != nil
                return true
            }
            text = []
        }
        guard (text?.count ?? 0) + bytes.byteCount <= DocumentText.byteLimit else {
            isSound = false
            return false
        }
        text?.append(contentsOf: (0..<bytes.byteCount).map { bytes[$0] })
        return false
    }

    private static func mayBeginForm(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    private mutating func read() {
        do throws(XMLError) {
            while let event = try stream.next() { values.take(event) }
        } catch { isSound = false }
    }

    /// What the body is, now that it is whole.
    mutating func finish(unread: ObservedWrite) -> WriteRecognition {
        if let text {
            guard isSound else { return .write(unread) }
            switch body.form {
            case .seed(let layer, let isForm, let hasQuery):
                return isForm
                    ? seed(form: text, layer, hasQuery: hasQuery, unread)
                    : seed(json: text, layer, unread)
            case .style(let name): return take(json: text) ? style(name, unread) : .write(unread)
            case .accessRule: return take(json: text) ? accessRule(unread) : .write(unread)
            case .layerRules:
                let isRead = take(json: text, keepsEmpty: true)
                return isRead ? layerRules(values.all.map(\.path), unread) : .write(unread)
            case .massTruncation:
                return takeOne(json: text) ? massTruncation(unread) : .write(unread)
            case .newLayer: return takeOne(json: text) ? newLayer(unread) : .write(unread)
            case .service: return .write(unread)
            }
        }
        stream.close()
        if isSound { read() }
        do throws(XMLError) { try stream.finish() } catch { isSound = false }
        guard isSound, !values.isFull else { return .write(unread) }
        switch body.form {
        case .massTruncation: return massTruncation(unread)
        case .seed(let layer, let isForm, _): return isForm ? .write(unread) : seed(layer, unread)
        case .newLayer: return newLayer(unread)
        case .style(let name): return style(name, unread)
        case .accessRule: return accessRule(unread)
        case .layerRules:
            return layerRules(values.values(at: "rules/rule/@resource"), unread)
        case .service: return .write(unread)
        }
    }

    private func value(_ path: String) -> String? { values.value(at: path) }

    /// The name of the outermost element, which says what is meant.
    private var root: Substring { values.all.first?.path.prefix { $0 != "/" } ?? "" }

    /// None where they are no pairs: tiles of any are meant then.
    private func parameters(_ root: String) -> [String: String] {
        values.pairs(at: "\(root)/parameters") ?? [:]
    }

    /// `org.geowebcache.seed`: TruncateLayerRequest and its like.
    private func massTruncation(_ unread: ObservedWrite) -> WriteRecognition {
        guard
            ["truncateLayer", "truncateParameters", "truncateOrphans", "truncateExtent"]
                .contains(root), let name = value("\(root)/layerName")
        else { return .write(unread) }
        var wish = TileTruncation(layer: LayerName(name))
        if root == "truncateExtent" {
            wish.gridSet = value("\(root)/gridSetId")
            wish.bounds = bounds("\(root)/bounds")
        }
        if root == "truncateParameters" { wish.parameters = parameters("\(root)") }
        return .write(truncating(wish, unread))
    }

    /// `org.geowebcache.seed.SeedRequest`: to seed makes what is not there and changes nothing.
    private func seed(_ layer: LayerName, _ unread: ObservedWrite) -> WriteRecognition {
        let root = "seedRequest"
        let type = value("\(root)/type")?.lowercased()
        if type == "seed" { return .read }
        // The body may name another layer than the path does.
        if let name = value("\(root)/name"), !LayerName(name).mayBe(layer) { return .write(unread) }
        var wish = TileTruncation(layer: layer)
        wish.bounds = bounds("\(root)/bounds")
        (wish.gridSet, wish.format) = (value("\(root)/gridSetId"), value("\(root)/format"))
        wish.system = value("\(root)/srs/number").flatMap { Int($0) }
        wish.levels = levels(value("\(root)/zoomStart"), value("\(root)/zoomStop"))
        wish.parameters = parameters(root)
        return .write(truncating(wish, unread))
    }

    private mutating func seed(
        json text: [UInt8], _ layer: LayerName, _ unread: ObservedWrite
    ) -> WriteRecognition {
        take(json: text) ? seed(layer, unread) : .write(unread)
    }

    private mutating func take(json text: [UInt8], keepsEmpty: Bool = false) -> Bool {
        let read = DocumentText.values(json: text, atMost: valuesMax, keepsEmpty: keepsEmpty)
        guard let read, !read.isFull else {
            return false
        }
        values = read
        return true
    }

    /// Of several things side by side a server takes one or the other.
    private mutating func takeOne(json text: [UInt8]) -> Bool {
        take(json: text) && values.all.allSatisfy { $0.path.prefix { $0 != "/" } == root }
    }

    /// Fields of a page's form. A document in their place is none: a server finds fields in it.
    private func seed(
        form text: [UInt8], _ layer: LayerName, hasQuery: Bool, _ unread: ObservedWrite
    ) -> WriteRecognition {
        let isPlain = ["utf-8", "us-ascii"].contains(body.charset?.lowercased() ?? "utf-8")
        guard !hasQuery, isPlain, text.first(where: { $0 > 0x20 }) != UInt8(ascii: "{"),
            let fields = DocumentText.fields(text)
        else { return .write(unread) }
        // Its page's other buttons; each comes before what the fields of a seed say.
        if ["list", "kill_thread", "kill_all"].contains(where: { fields[$0] != nil }) {
            return .read
        }
        return seed(layer, fields, unread)
    }

    private func seed(
        _ layer: LayerName, _ fields: [String: String], _ unread: ObservedWrite
    ) -> WriteRecognition {
        switch fields["type"]?.lowercased() {
        case "seed": return .read
        case "reseed", "truncate": break
        default: return .write(unread)
        }
        var wish = TileTruncation(layer: layer)
        (wish.gridSet, wish.format) = (fields["gridSetId"], fields["tileFormat"])
        wish.levels = levels(fields["zoomStart"], fields["zoomStop"])
        let sides = ["minX", "minY", "maxX", "maxY"].map { fields[$0] ?? "" }
        // Without the first the whole layer is meant, whatever the others say.
        if !sides[0].isEmpty { wish.bounds = numbers(sides) }
        for (name, value) in fields where name.hasPrefix("parameter_") {
            let name = name.dropFirst("parameter_".count).uppercased()
            // Of two spellings a server takes one or the other.
            guard wish.parameters.updateValue(value, forKey: name) == nil else {
                return .write(unread)
            }
        }
        return .write(truncating(wish, unread))
    }

    private func levels(_ first: String?, _ last: String?) -> ClosedRange<Int>? {
        guard let first = first.flatMap({ Int($0) }), let last = last.flatMap({ Int($0) }),
            0 <= first, first <= last
        else { return nil }
        return first...last
    }

    private func truncating(_ wish: TileTruncation, _ unread: ObservedWrite) -> ObservedWrite {
        var write = unread
        write.scope = wish.scope(gridSets)
        return write
    }

    /// Four numbers, easting first; nil: the whole layer.
    private func bounds(_ path: String) -> [Double]? {
        numbers(values.values(at: "\(path)/coords/double"))
    }

    private func numbers(_ texts: [String]) -> [Double]? {
        let numbers = texts.compactMap { text in
            text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) ? Double(text) : nil
        }
        return texts.count == 4 && numbers.count == 4 ? numbers : nil
    }

    /// A feature type, coverage or group that is made: there may have been one of that name.
    private func newLayer(_ unread: ObservedWrite) -> WriteRecognition {
        guard let name = value("\(root)/name") else { return .write(unread) }
        var layer = LayerName(name)
        if let workspace = body.workspace { layer.workspace = workspace }
        var scope = WriteScope(.layer(layer), .layer)
        let target = body.workspace.map { WriteScope.Target.workspace($0) } ?? .everything
        scope.insert(WriteScope.Part(target, .capabilities))
        scope.insert(WriteScope.Part(.everything, .lists))
        return .write(ObservedWrite(scope, restyled: .layer(layer)))
    }

    /// A style keeps its layers whatever it is called, and under another name it hides one of all
    /// workspaces that has it. By one that is made nothing is drawn yet but what names that one.
    private func style(_ former: LayerName?, _ unread: ObservedWrite) -> WriteRecognition {
        let names = values.values(at: "style/name")
        let workspaces = ["", "/name"].flatMap { values.values(at: "style/workspace" + $0) }
        guard values.all.first?.path.hasPrefix("style/") == true, names.count <= 1,
            workspaces.count <= 1, var name = names.first.map({ LayerName($0) }) ?? former
        else { return .write(unread) }
        name.workspace = workspaces.first ?? name.workspace ?? former?.workspace ?? body.workspace
        var write = unread
        if former == nil {
            write.scope = WriteScope(.namedStyle(name), .drawn)
        } else if name == former {
            write.restyled = .none
        } else {
            write.scope.insert(WriteScope.Part(.style(name), .drawn))
        }
        return .write(write)
    }

    /// GeoServer's rules, by what they name: `geonode.roads.r`.
    private func layerRules(_ names: [String], _ unread: ObservedWrite) -> WriteRecognition {
        let targets = names.compactMap { RESTWrites.target(ofRule: $0) }
        guard !targets.isEmpty, targets.count == names.count else { return .write(unread) }
        var scope = WriteScope()
        for target in targets { scope.insert(WriteScope.Part(target, .all)) }
        scope.isHard = true
        return .write(ObservedWrite(scope, restyled: .none))
    }

    /// GeoFence's rule: without a layer it is for a workspace, without either for all.
    private func accessRule(_ unread: ObservedWrite) -> WriteRecognition {
        guard values.all.first?.path.lowercased().hasPrefix("rule/") == true else {
            return .write(unread)
        }
        guard let workspace = value("\(root)/workspace"), workspace != "*" else {
            return .write(unread)
        }
        let layer = value("\(root)/layer").flatMap { $0 == "*" ? nil : $0 }
        let hasLayer = !values.values(at: "\(root)/layer").isEmpty
        if hasLayer, layer == nil {
            return .write(
                ObservedWrite(
                    WriteScope(.workspace(workspace), .all, isHard: true), restyled: .none))
        }
        let target: WriteScope.Target =
            layer.map { .layer(LayerName(workspace: workspace, $0)) } ?? .workspace(workspace)
        return .write(ObservedWrite(WriteScope(target, .all, isHard: true), restyled: .none))
    }
}
