public import Tiles

/// What a write made stale: a union of parts, each of which names whose entries, of which kinds,
/// and where on Earth.
///
/// A scope may be too wide, never too narrow. What it does not know, the caller's catalogue may:
/// groups that have a layer, layers that use a style, stories that show either. For those the
/// caller inserts parts of their own before the scope is logged: also for other feature types over
/// the same table, or over an SQL view that reads it, which show the same features by other names.
///
/// **In the invalidation log** a scope is one rule of a further reach, whose bytes are `encoded`;
/// at most `byteLimit` of them, within `InvalidationRule.byteLimit`. A rule that `init(encoded:)`
/// refuses, as of a later version, counts as `.everything`. In memory it is not kept as a scope:
/// `ScopeIndex` spreads it over the layers it names, so that a look for an entry costs a few
/// lookups by hash and fewer than `ScopeIndex.boxLimit` comparisons of boxes, whether ten scopes
/// are in force or ten thousand, and one comparison of numbers when none is newer than the entry.
public struct WriteScope: Sendable, Equatable {
    /// Whose entries are meant.
    public enum Target: Sendable, Hashable {
        case everything
        /// All layers of a workspace.
        case workspace(String)
        /// One layer or group; without a workspace, those of that name in any.
        case layer(LayerName)
        /// All that is drawn with a style; without a workspace, those of that name in any.
        case style(LayerName)
        /// All that names a style, and nothing that does not tell its style: for pictures and
        /// legends, of a style of which is known whose default one it is.
        case namedStyle(LayerName)
        /// All whose path begins so, in whole segments: `/story/x` is above `/story/x/view`.
        case page(String)
    }

    /// One part of the union.
    public struct Part: Sendable, Hashable {
        public var target: Target
        public var kinds: EntryKinds
        /// Where; empty: everywhere.
        public fileprivate(set) var boxes: [GeographicBox]
        /// Which of the tiles there.
        public fileprivate(set) var selection: TileSelection

        public init(
            _ target: Target, _ kinds: EntryKinds, boxes: [GeographicBox] = [],
            selection: TileSelection = .all
        ) {
            self.target = target
            self.kinds = kinds
            self.boxes = boxes
            self.selection = selection
        }
    }

    public private(set) var parts: [Part] = []
    /// What it matches must not be served even as a stale answer: a permission was taken away.
    public var isHard = false

    /// Most boxes of all parts together; beyond them those of the part that has most are taken
    /// together where they are nearest to each other.
    public static var boxLimit: Int { 256 }
    /// Most parts; beyond them everything is meant.
    public static var partLimit: Int { 64 }
    /// Longest name or path, in bytes; a longer one means everything.
    public static var nameLimit: Int { 512 }

    /// Nothing.
    public init() {}

    public init(_ target: Target, _ kinds: EntryKinds, isHard: Bool = false) {
        self.isHard = isHard
        insert(Part(target, kinds))
    }

    public static var everything: WriteScope { WriteScope(.everything, .all) }

    /// Whether no more than one layer, which is in one store, was written.
    var namesOneLayer: Bool {
        guard let first = parts.first else { return true }
        if case .layer = first.target { return parts.allSatisfy { $0.target == first.target } }
        return false
    }

    /// Whether it reaches what nothing was said of.
    package var touchesEverything: Bool { parts.contains { $0.target == .everything } }

    /// Whether the write made nothing stale.
    public var isEmpty: Bool { parts.isEmpty }

    /// Takes in a part.
    public mutating func insert(_ part: Part) {
        guard !part.kinds.isEmpty else { return }
        guard Self.fits(part.selection) else {
            return insert(Part(part.target, part.kinds, boxes: part.boxes))
        }
        guard Self.fits(part.target) else { return insert(Part(.everything, part.kinds)) }
        // What is said already needs no second word.
        if parts.contains(where: {
            $0.target == .everything && $0.boxes.isEmpty && $0.selection.isAll
                && $0.kinds.reach.isSuperset(of: part.kinds)
        }) {
            return
        }
        if let index = parts.firstIndex(where: {
            $0.target == part.target && $0.kinds == part.kinds && $0.selection == part.selection
        }) {
            merge(part.boxes, into: index)
        } else if parts.count < Self.partLimit {
            parts.append(Part(part.target, part.kinds, selection: part.selection))
            if !part.boxes.isEmpty {
                let index = parts.count - 1
                parts[index].boxes = [part.boxes[0]]
                merge(Array(part.boxes.dropFirst()), into: index, addsNothing: true)
            }
        } else {
            let kinds = parts.reduce(part.kinds) { $0.union($1.kinds) }
            parts = [Part(.everything, kinds)]
        }
        coarsen()
    }

    /// Takes in another scope.
    public mutating func formUnion(_ other: WriteScope) {
        isHard = isHard || other.isHard
        for part in other.parts { insert(part) }
    }

    /// - Parameter addsNothing: no boxes are no boxes more, rather than everywhere.
    private mutating func merge(
        _ boxes: [GeographicBox], into index: Int, addsNothing: Bool = false
    ) {
        if boxes.isEmpty, !addsNothing { parts[index].boxes = [] }
        guard !parts[index].boxes.isEmpty else { return }
        for box in boxes where !parts[index].boxes.contains(where: { $0.contains(box) }) {
            parts[index].boxes.append(box)
            if parts[index].boxes.count > Self.boxLimit {
                GeographicBox.gather(&parts[index].boxes, to: Self.boxLimit * 3 / 4)
            }
        }
    }

    /// The part with most boxes, the first of several, gets half as many until all are in bounds.
    private mutating func coarsen() {
        while parts.reduce(0, { $0 + $1.boxes.count }) > Self.boxLimit {
            var widest = 0
            for index in parts.indices where parts[index].boxes.count > parts[widest].boxes.count {
                widest = index
            }
            let half = parts[widest].boxes.count / 2
            GeographicBox.gather(&parts[widest].boxes, to: half)
        }
    }

    private static func fits(_ selection: TileSelection) -> Bool {
        (selection.time?.utf8.count ?? 0) <= nameLimit
            && (selection.gridSet?.utf8.count ?? 0) <= nameLimit
            && (selection.style.map { fits(.style($0)) } ?? true)
    }

    private static func fits(_ target: Target) -> Bool {
        switch target {
        case .everything: true
        case .workspace(let name): (1...nameLimit).contains(name.utf8.count)
        case .layer(let name), .style(let name), .namedStyle(let name):
            (1...nameLimit).contains(name.name.utf8.count)
                && (name.workspace?.utf8.count ?? 1) <= nameLimit
        case .page(let path): (1...nameLimit).contains(path.utf8.count)
        }
    }
}
