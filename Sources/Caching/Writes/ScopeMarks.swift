import HTTP
import Tiles

/// What scopes have said of one name: the numbers of the latest ones, by kind and by place.
struct ScopeMarks: Sendable {
    /// For each kind, by its bit: the number of the latest rule without a place.
    private var soft = [8 of UInt64](repeating: 0)
    private var hard = [8 of UInt64](repeating: 0)
    private var places = ScopePlaces()
    /// The number of the latest of all.
    private(set) var latest: UInt64 = 0

    init() { assert(EntryKinds.all.rawValue < 256, "one bit for each number") }

    mutating func raise(_ kinds: EntryKinds, to number: UInt64, isHard: Bool) {
        latest = max(latest, number)
        for bit in 0..<8 where kinds.rawValue & 1 << UInt16(bit) != 0 {
            if isHard {
                hard[bit] = max(hard[bit], number)
            } else {
                soft[bit] = max(soft[bit], number)
            }
        }
    }

    /// - Parameter limit: most places that are kept apart.
    mutating func add(
        _ box: GeographicBox?, _ selection: ScopeSelection?, _ kinds: EntryKinds,
        _ number: UInt64, isHard: Bool, limit: Int
    ) {
        latest = max(latest, number)
        let everywhere = places.add(
            box, selection, kinds, number, isHard: isHard, limit: limit)
        for old in everywhere { raise(old.kinds, to: old.number, isHard: old.isHard) }
    }

    /// Forgets what is not younger; false: nothing is left.
    mutating func retire(upTo number: UInt64) -> Bool {
        places.retire(upTo: number)
        return latest > number
    }

    /// - Parameter style: of the layer that these are the marks of; nil: not known.
    func numbers(
        _ look: ScopeLook, style: ScopeName?, into found: inout InvalidationIndex.Numbers
    ) {
        guard latest > look.since else { return }
        for bit in 0..<8 where look.kinds.rawValue & 1 << UInt16(bit) != 0 {
            found.formMaximum(.init(dead: hard[bit], stale: soft[bit]))
        }
        places.numbers(look, style: style, into: &found)
    }
}

/// What is known of an entry that is looked for, beside its names.
struct ScopeLook {
    var kinds: EntryKinds
    var box: GeographicBox?
    var level: Int?
    var time: TimeSpan?
    /// `GridSets.nameHash`.
    var gridSet: UInt64?
    var format: MapFormat?
    /// Where it names no style, none was asked for: its layer could be read.
    var isNamed = true
    var since: UInt64
}

/// A selection of tiles as it is kept in memory, without texts.
struct ScopeSelection: Sendable, Equatable {
    private var levels: ClosedRange<UInt8>?
    private var time: TimeSpan?
    private var style: ScopeName?
    private var isStyleNamed: Bool
    private var gridSet: UInt64?
    private var format: MapFormat?

    /// nil: it leaves everything open.
    init?(_ selection: TileSelection) {
        if selection.isAll { return nil }
        (levels, time) = (selection.levels, selection.span)
        style = selection.style.map { ScopeName($0) }
        isStyleNamed = selection.isStyleNamed
        gridSet = selection.gridSet.map(GridSets.nameHash)
        format = selection.format
    }

    func means(_ look: ScopeLook, style drawn: ScopeName?) -> Bool {
        guard TileSelection.means(levels, time, level: look.level, time: look.time),
            TileSelection.mayBe(gridSet, look.gridSet), TileSelection.mayBe(format, look.format)
        else { return false }
        guard let style else { return true }
        guard let drawn else { return !(isStyleNamed && look.isNamed) }
        guard let exact = style.exact, let other = drawn.exact else {
            return style.any == drawn.any
        }
        return exact == other
    }
}

/// The hashes by which a name is found, whether its workspace is known or not.
///
/// Hashes are compared in place of names: two found equal by chance only cost a fetch.
struct ScopeName: Equatable {
    /// Under which a scope without a workspace stands, which may be of any.
    var any: CacheKey
    /// Under which a scope with a workspace stands for whoever does not say one.
    var bare: CacheKey
    /// With the workspace; nil: it is not known.
    var exact: CacheKey?
    var workspace: CacheKey?

    init(workspace: RawSpan?, _ name: RawSpan) {
        any = CacheKey.hash(name, seed: (1, 0x616e_79))
        bare = CacheKey.hash(name, seed: (2, 0x6261_7265))
        guard let workspace else { return }
        let own = Self.workspace(workspace)
        self.workspace = own
        exact = CacheKey.hash(name, seed: (own.high, own.low))
    }

    init(_ name: LayerName) {
        let (place, text) = (name.workspace.map { Array($0.utf8) }, Array(name.name.utf8))
        if let place {
            self = unsafe ScopeName(workspace: place.span.bytes, text.span.bytes)
        } else {
            self = unsafe ScopeName(workspace: nil, text.span.bytes)
        }
    }

    static func workspace(_ name: RawSpan) -> CacheKey {
        CacheKey.hash(name, seed: (3, 0x776f_726b))
    }

    /// The same of a percent-encoded name.
    static func workspace(encoded name: RawSpan) -> CacheKey {
        unsafe withUnsafeTemporaryAllocation(byteCount: max(name.byteCount, 1), alignment: 1) {
            let count = unsafe PercentCoding.decode(name, plusIsSpace: false, into: $0) ?? 0
            return unsafe workspace(UnsafeRawBufferPointer(rebasing: $0[..<count]).bytes)
        }
    }

    static func workspace(_ name: String) -> CacheKey {
        let text = Array(name.utf8)
        return unsafe workspace(text.span.bytes)
    }

    /// Under which a page stands, by the decoded beginning of its path.
    static func page(_ start: RawSpan) -> CacheKey {
        CacheKey.hash(start, seed: (4, 0x7061_6765))
    }

    /// Whatever may be the beginning that a path, as sent, is meant by: whole segments of it, with
    /// and without the slash behind them.
    ///
    /// - Parameter length: of the longest beginning, in decoded bytes.
    static func forEachStart(of path: RawSpan, atMost length: Int, _ body: (CacheKey) -> Void) {
        let most = min(length, path.byteCount)
        unsafe withUnsafeTemporaryAllocation(byteCount: max(most, 1), alignment: 1) { start in
            var (count, at) = (0, 0)
            while count < most, at < path.byteCount {
                let (byte, width) = PercentCoding.decoded(path, at: at)
                unsafe start[count] = byte
                (count, at) = (count + 1, at + width)
                let slash = UInt8(ascii: "/")
                guard byte == slash || at == path.byteCount || path[at] == slash else { continue }
                unsafe body(page(UnsafeRawBufferPointer(rebasing: start[..<count]).bytes))
            }
        }
    }
}
