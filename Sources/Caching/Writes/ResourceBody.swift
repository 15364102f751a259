import HTTP
import Tiles

/// The body of a REST request as a short list of values, each with the names of the elements it
/// stands in, and what they mean.
struct ResourceBody {
    private let body: WriteBody
    private let gridSets: GridSets
    private var stream: XMLStream
    private var values = ResourceValues(atMost: 256)
    private var isSound = true

    init(_ body: WriteBody, _ context: WriteContext) {
        (self.body, gridSets) = (body, context.gridSets)
        var limits = XMLLimits.document
        limits.depth = 32
        stream = XMLStream(limits: limits, charset: body.charset)
    }

    mutating func take(_ bytes: RawSpan) {
        guard isSound else { return }
        stream.append(bytes)
        read()
    }

    private mutating func read() {
        do throws(XMLError) {
            while let event = try stream.next() { values.take(event) }
        } catch { isSound = false }
    }

    /// What the body is, now that it is whole.
    mutating func finish(unread: ObservedWrite) -> WriteRecognition {
        stream.close()
        if isSound { read() }
        do throws(XMLError) { try stream.finish() } catch { isSound = false }
        guard isSound, !values.isFull else { return .write(unread) }
        switch body.form {
        case .massTruncation: return massTruncation(unread)
        case .seed(let layer): return seed(layer, unread)
        case .newLayer: return newLayer(unread)
        case .accessRule: return accessRule(unread)
        case .service: return .write(unread)
        }
    }

    private func value(_ path: String) -> String? { values.value(at: path) }

    /// None where they are no pairs: tiles of any are meant then.
    private func parameters(_ root: String) -> [String: String] {
        values.pairs(at: "\(root)/parameters") ?? [:]
    }

    /// `org.geowebcache.seed`: TruncateLayerRequest and its like.
    private func massTruncation(_ unread: ObservedWrite) -> WriteRecognition {
        let root = values.all.first?.path.split(separator: "/").first.map { String($0) } ?? ""
        guard
            ["truncateLayer", "truncateParameters", "truncateOrphans", "truncateExtent"]
                .contains(root), let name = value("\(root)/layerName")
        else { return .write(unread) }
        var wish = TileTruncation(layer: LayerName(name))
        if root == "truncateExtent" {
            wish.gridSet = value("\(root)/gridSetId")
            wish.bounds = bounds("\(root)/bounds")
        }
        if root == "truncateParameters" { wish.parameters = parameters(root) }
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
        if let first = value("\(root)/zoomStart").flatMap({ Int($0) }),
            let last = value("\(root)/zoomStop").flatMap({ Int($0) }), 0 <= first, first <= last
        {
            wish.levels = first...last
        }
        wish.parameters = parameters(root)
        return .write(truncating(wish, unread))
    }

    private func truncating(_ wish: TileTruncation, _ unread: ObservedWrite) -> ObservedWrite {
        var write = unread
        write.scope = wish.scope(gridSets)
        return write
    }

    /// Four numbers, easting first; nil: the whole layer.
    private func bounds(_ path: String) -> [Double]? {
        let texts = values.values(at: "\(path)/coords/double")
        let numbers = texts.compactMap { text in
            text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) ? Double(text) : nil
        }
        return texts.count == 4 && numbers.count == 4 ? numbers : nil
    }

    /// A feature type, coverage or group that is made: there may have been one of that name.
    private func newLayer(_ unread: ObservedWrite) -> WriteRecognition {
        guard let root = values.all.first?.path.split(separator: "/").first,
            let name = value("\(root)/name")
        else { return .write(unread) }
        var layer = LayerName(name)
        if let workspace = body.workspace { layer.workspace = workspace }
        var scope = WriteScope(.layer(layer), .layer)
        let target = body.workspace.map { WriteScope.Target.workspace($0) } ?? .everything
        scope.insert(WriteScope.Part(target, .capabilities))
        scope.insert(WriteScope.Part(.everything, .lists))
        return .write(ObservedWrite(scope, restyled: .layer(layer)))
    }

    /// GeoFence's rule: without a layer it is for a workspace, without either for all.
    private func accessRule(_ unread: ObservedWrite) -> WriteRecognition {
        guard values.all.first?.path.lowercased().hasPrefix("rule/") == true else {
            return .write(unread)
        }
        let root = values.all[0].path.prefix { $0 != "/" }
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
