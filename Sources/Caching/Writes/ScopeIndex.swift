public import Tiles

/// The scopes in force, spread over the layers and styles they name: which number is the highest
/// that makes an entry stale.
///
/// A scope with the number of its invalidation is taken apart when it arrives; what is kept for a
/// name is one number for all of its places and at most `boxLimit` boxes with numbers of their
/// own. When there would be more, the oldest half become one: the number of its latest, for all
/// places. That is wider than what was written and never narrower, and only for entries older than
/// that number. So a look costs at most eight lookups by hash, a comparison for each page scope
/// newer than the entry (at most `pageLimit`), and `boxLimit` comparisons for each name,
/// however many scopes there are; and one comparison when none is newer than the entry.
///
/// A value of its own for each loop, kept in step like `InvalidationIndex`. Entries stored before
/// `horizon` were swept and need no look.
public struct ScopeIndex: Sendable {
    /// Most boxes that are kept for a name.
    public static var boxLimit: Int { 32 }
    /// Most pages that are kept apart.
    public static var pageLimit: Int { 64 }
    /// Most names; beyond them all that is kept becomes one number for everything.
    public static var nameLimit: Int { 65_536 }

    private struct Place: Sendable {
        var box: GeographicBox
        var number: UInt64
        var kinds: EntryKinds
        var isHard: Bool
    }

    private struct Marks: Sendable {
        /// For each kind, by its bit: the number of the latest rule without a place.
        var soft = [UInt64](repeating: 0, count: 16)
        var hard = [UInt64](repeating: 0, count: 16)
        var places: [Place] = []

        mutating func raise(_ kinds: EntryKinds, to number: UInt64, isHard: Bool) {
            for bit in 0..<16 where kinds.rawValue & 1 << UInt16(bit) != 0 {
                if isHard {
                    hard[bit] = max(hard[bit], number)
                } else {
                    soft[bit] = max(soft[bit], number)
                }
            }
        }

        mutating func add(
            _ box: GeographicBox, _ part: WriteScope.Part, _ number: UInt64, _ isHard: Bool
        ) {
            places.append(Place(box: box, number: number, kinds: part.kinds, isHard: isHard))
            guard places.count > ScopeIndex.boxLimit else { return }
            for place in places.prefix(ScopeIndex.boxLimit / 2) {
                raise(place.kinds, to: place.number, isHard: place.isHard)
            }
            places.removeFirst(ScopeIndex.boxLimit / 2)
        }

        func numbers(
            _ kind: EntryKinds, _ box: GeographicBox?, since: UInt64,
            into found: inout InvalidationIndex.Numbers
        ) {
            for bit in 0..<16 where kind.rawValue & 1 << UInt16(bit) != 0 {
                found.formMaximum(.init(dead: hard[bit], stale: soft[bit]))
            }
            for place in places.reversed() {
                // In the order of their numbers: all that follow are older than the entry.
                if place.number <= since { return }
                guard !place.kinds.isDisjoint(with: kind), box?.intersects(place.box) ?? true
                else { continue }
                found.formMaximum(
                    place.isHard
                        ? .init(dead: place.number, stale: 0)
                        : .init(dead: 0, stale: place.number))
            }
        }
    }

    /// The number of the latest scope.
    public private(set) var latest: UInt64 = 0
    private var everything = Marks()
    private var workspaces: [String: Marks] = [:]
    private var layers: [LayerName: Marks] = [:]
    private var styles: [LayerName: Marks] = [:]
    /// What reaches a name, or a workspace, that an entry does not tell.
    private var anyWorkspace = Marks()
    private var anyLayer = Marks()
    private var anyStyle = Marks()
    private var pages: [(part: WriteScope.Part, number: UInt64, isHard: Bool)] = []

    public init() {}

    /// Takes a scope. Numbers never fall.
    public mutating func insert(_ scope: WriteScope, number: UInt64) {
        latest = max(latest, number)
        for part in scope.parts { insert(part, number, scope.isHard) }
        if workspaces.count + layers.count + styles.count > Self.nameLimit {
            self = ScopeIndex()
            latest = number
            everything.raise(.all, to: number, isHard: true)
        }
    }

    private mutating func insert(_ part: WriteScope.Part, _ number: UInt64, _ isHard: Bool) {
        func mark(_ marks: inout Marks) {
            if part.boxes.isEmpty {
                marks.raise(part.kinds, to: number, isHard: isHard)
            } else {
                for box in part.boxes { marks.add(box, part, number, isHard) }
            }
        }
        switch part.target {
        case .everything: mark(&everything)
        case .workspace(let name):
            mark(&workspaces[name, default: Marks()])
            mark(&anyWorkspace)
            mark(&anyLayer)
        case .layer(let name):
            mark(&layers[name, default: Marks()])
            // Under its bare name, for who does not say the workspace.
            if name.workspace != nil {
                mark(&layers[LayerName(workspace: "", name.name), default: Marks()])
            }
            mark(&anyLayer)
        case .style(let name):
            mark(&styles[name, default: Marks()])
            if name.workspace != nil {
                mark(&styles[LayerName(workspace: "", name.name), default: Marks()])
            }
            mark(&anyStyle)
        case .page:
            pages.append((part, number, isHard))
            guard pages.count > Self.pageLimit else { return }
            let oldest = pages.removeFirst()
            everything.raise(oldest.part.kinds, to: oldest.number, isHard: oldest.isHard)
        }
    }

    /// The numbers of the latest scopes that touch an entry, as `WriteScope.touches` has it.
    ///
    /// - Parameter since: the number in force when the entry's fetch began; what is not newer may
    ///   be left out.
    public func numbers(
        layer: LayerName?, box: GeographicBox?, style: LayerName?, kind: EntryKinds,
        path: String? = nil, since: UInt64
    ) -> InvalidationIndex.Numbers {
        var found = InvalidationIndex.Numbers(dead: 0, stale: 0)
        if latest <= since { return found }
        func look(_ marks: Marks?) {
            marks?.numbers(kind, box, since: since, into: &found)
        }
        look(everything)
        if let layer {
            look(layers[LayerName(workspace: nil, layer.name)])
            if let workspace = layer.workspace {
                look(layers[layer])
                look(workspaces[workspace])
            } else {
                look(layers[LayerName(workspace: "", layer.name)])
                look(anyWorkspace)
            }
        } else {
            look(anyLayer)
        }
        if let style {
            look(styles[LayerName(workspace: nil, style.name)])
            look(styles[LayerName(workspace: style.workspace ?? "", style.name)])
        } else {
            look(anyStyle)
        }
        for page in pages.reversed() {
            if page.number <= since { break }
            guard !page.part.kinds.isDisjoint(with: kind), page.part.isAt(box),
                page.part.target.matches(layer: layer, style: style, path: path)
            else { continue }
            found.formMaximum(
                page.isHard
                    ? .init(dead: page.number, stale: 0) : .init(dead: 0, stale: page.number))
        }
        return found
    }
}
