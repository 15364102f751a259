import Caching
import Edge

/// The catalogue of simulated map servers, as an edge reads it behind its writes: groups at once,
/// and layers' default styles one by one.
final class MapCatalogue {
    /// Nanoseconds within which all is read.
    static let time: UInt64 = 5_000_000_000

    private let world: World
    private let model: MapModel
    private let source: CatalogueSettings
    private let sabotage: WriteSabotage?
    /// Of which edge this is known.
    private var board: CatalogueBoard?
    private var known: [String: String] = [:]
    private var isTold = false
    private var hasGroups = false
    private let first: [String: String]
    var isEnding = false

    init(
        _ world: World, _ model: MapModel, _ source: CatalogueSettings, _ sabotage: WriteSabotage?
    ) {
        (self.world, self.model, self.source) = (world, model, source)
        (self.sabotage, first) = (sabotage, model.defaultStyle)
    }

    /// Looks four times a second whether there is something to read.
    func keep(_ edge: @escaping () -> EdgeShared) {
        guard !isEnding, sabotage != .tellsNoStyles else { return }
        let board = edge().catalogue
        if board !== self.board {
            (self.board, known, isTold, hasGroups) = (board, [:], false, false)
        }
        let now = Milliseconds(world.now / 1_000_000)
        if board.takeChange(at: now) || !hasGroups {
            hasGroups = true
            world.after(world.dice.delay(1_000...300_000)) { [self] in
                board.putInForce(WriteCatalogue(), from: source)
            }
        }
        let restyled = board.takeRestyled(at: now)
        if !restyled.isEmpty { isTold = false }
        for layer in model.layers where restyled.mayContain(Self.name(layer)) {
            known[layer] = nil
        }
        if let layer = model.layers.first(where: { known[$0] == nil }) {
            return read(layer, board, edge)
        }
        if !isTold { tell(board) }
        world.after(250_000_000) { [self] in keep(edge) }
    }

    /// A document says what there was at some moment before it is here.
    private func read(
        _ layer: String, _ board: CatalogueBoard, _ edge: @escaping () -> EdgeShared
    ) {
        world.after(world.dice.delay(1_000...150_000)) { [self] in
            let told = sabotage == .tellsOldStyles ? first : model.defaultStyle
            let style = told[layer]
            world.after(world.dice.delay(1_000...150_000)) { [self] in
                known[layer] = style
                // What was written meanwhile the edge knows by itself.
                if known.count == model.layers.count { tell(board) }
                keep(edge)
            }
        }
    }

    private func tell(_ board: CatalogueBoard) {
        var styles = DefaultStyles()
        for (layer, style) in known {
            styles.layers[LayerName(style), default: []].append(Self.name(layer))
        }
        board.putInForce(styles, from: source)
        isTold = true
    }

    private static func name(_ layer: String) -> LayerName {
        LayerName(workspace: "w", layer)
    }
}
