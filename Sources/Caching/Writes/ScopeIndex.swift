import HTTP
public import Tiles

/// The scopes in force, spread over the layers and styles they name: which number is the highest
/// that makes an entry stale.
///
/// A scope with the number of its invalidation is taken apart when it arrives; what is kept for a
/// name is one number for all of its places and at most `boxLimit` boxes with numbers of their
/// own. When there would be more, those that are nearest to each other become one, with the number
/// of the later: wider than what was written and never narrower, and only near what was written.
/// So a look costs at most eight lookups by hash for each layer an entry shows, one for each
/// segment of a page's path, and for each name a comparison for sixteen places and one for each
/// that is near (`ScopePlaces`), however many scopes there are; one comparison when none is newer
/// than the entry; and never an allocation.
///
/// A value of its own for each loop, kept in step by its `InvalidationIndex`.
public struct ScopeIndex: Sendable {
    /// Most boxes that are kept for a name: what is written to one in the time for which scopes
    /// are kept, at a write a second. Of many names there are fewer, see `placeLimit`.
    public static var boxLimit: Int { 512 }
    /// Most names and pages; beyond them all that is kept becomes one number for everything.
    public static var nameLimit: Int { 65_536 }

    /// The number of the latest scope; 0: there is none.
    public private(set) var latest: UInt64 = 0
    private var everything = ScopeMarks()
    private var workspaces: [CacheKey: ScopeMarks] = [:]
    private var layers: [CacheKey: ScopeMarks] = [:]
    private var styles: [CacheKey: ScopeMarks] = [:]
    /// What reaches any layer of a workspace, and any layer whose workspace was not said.
    private var inWorkspaces: [CacheKey: ScopeMarks] = [:]
    private var inUnknown = ScopeMarks()
    /// What reaches a name, or a workspace, that an entry does not tell.
    private var anyWorkspace = ScopeMarks()
    private var anyLayer = ScopeMarks()
    private var anyStyle = ScopeMarks()
    /// The number of the latest scope of a style.
    private var latestStyle: UInt64 = 0
    /// By the hash of the beginning of the paths that are meant, decoded.
    private var pages: [CacheKey: ScopeMarks] = [:]
    /// What reaches a page whose path is not known.
    private var anyPage = ScopeMarks()
    /// Bytes of the longest of those beginnings.
    private var pageLength = 0

    public init() {}

    /// Names and pages that something is kept of.
    public var count: Int { names + (everything.latest > 0 ? 1 : 0) }

    private var names: Int { workspaces.count + layers.count + styles.count + pages.count }

    /// Takes a scope. Numbers never fall.
    public mutating func insert(_ scope: WriteScope, number: UInt64) {
        latest = max(latest, number)
        for part in scope.parts { insert(part, number, scope.isHard) }
        if names > Self.nameLimit {
            self = ScopeIndex()
            latest = number
            everything.raise(.all, to: number, isHard: true)
        }
    }

    /// What is kept apart for a name: all names together are some 64 MiB at most.
    private var placeLimit: Int {
        min(max(2_097_152 / (names + 1), 32), Self.boxLimit)
    }

    private mutating func insert(_ part: WriteScope.Part, _ number: UInt64, _ isHard: Bool) {
        let selection = ScopeSelection(part.selection)
        let limit = placeLimit
        func mark(_ marks: inout ScopeMarks) {
            if part.boxes.isEmpty, selection == nil {
                marks.raise(part.kinds, to: number, isHard: isHard)
            } else if part.boxes.isEmpty {
                marks.add(nil, selection, part.kinds, number, isHard: isHard, limit: limit)
            }
            for box in part.boxes {
                marks.add(box, selection, part.kinds, number, isHard: isHard, limit: limit)
            }
        }
        switch part.target {
        case .everything: mark(&everything)
        case .workspace(let name):
            mark(&workspaces[ScopeName.workspace(name), default: ScopeMarks()])
            mark(&anyWorkspace)
            mark(&anyLayer)
        case .layer(let layer):
            let name = ScopeName(layer)
            if let exact = name.exact, let workspace = name.workspace {
                mark(&layers[exact, default: ScopeMarks()])
                mark(&layers[name.bare, default: ScopeMarks()])
                mark(&inWorkspaces[workspace, default: ScopeMarks()])
            } else {
                mark(&layers[name.any, default: ScopeMarks()])
                mark(&inUnknown)
            }
            mark(&anyLayer)
        case .style(let style), .namedStyle(let style):
            let name = ScopeName(style)
            if let exact = name.exact {
                mark(&styles[exact, default: ScopeMarks()])
                mark(&styles[name.bare, default: ScopeMarks()])
            } else {
                mark(&styles[name.any, default: ScopeMarks()])
            }
            if case .style = part.target { mark(&anyStyle) }
            latestStyle = max(latestStyle, number)
        case .page(let path):
            let start = Array(path.utf8)
            unsafe mark(&pages[ScopeName.page(start.span.bytes), default: ScopeMarks()])
            mark(&anyPage)
            pageLength = max(pageLength, start.count)
        }
    }

    /// Forgets scopes up to a number: nothing stored that they touch is older than they are.
    public mutating func retire(upTo number: UInt64) {
        if latest <= number {
            self = ScopeIndex()
            return
        }
        func retire(_ marks: inout [CacheKey: ScopeMarks]) {
            marks = marks.compactMapValues { old in
                var kept = old
                return kept.retire(upTo: number) ? kept : nil
            }
        }
        func retire(_ marks: inout ScopeMarks) {
            if !marks.retire(upTo: number) { marks = ScopeMarks() }
        }
        retire(&workspaces)
        retire(&layers)
        retire(&styles)
        retire(&inWorkspaces)
        retire(&everything)
        retire(&inUnknown)
        retire(&anyWorkspace)
        retire(&anyLayer)
        retire(&anyStyle)
        retire(&pages)
        retire(&anyPage)
        if pages.isEmpty { pageLength = 0 }
    }

    // MARK: looking

    /// The numbers of the latest scopes that touch an entry, as `WriteScope.touches` has it.
    ///
    /// - Parameter since: the number in force when the entry's fetch began; what is not newer may
    ///   be left out.
    public func numbers(
        layer: LayerName?, box: GeographicBox?, style: LayerName?, kind: EntryKinds,
        path: String? = nil, level: Int? = nil, time: TimeSpan? = nil, gridSet: String? = nil,
        format: MapFormat? = nil, since: UInt64
    ) -> InvalidationIndex.Numbers {
        var found = InvalidationIndex.Numbers(dead: 0, stale: 0)
        if latest <= since { return found }
        let look = ScopeLook(
            kinds: kind, box: box, level: level, time: time,
            gridSet: gridSet.map(GridSets.nameHash), format: format, since: since)
        let drawn = style.map { ScopeName($0) }
        everything.numbers(look, style: drawn, into: &found)
        lookUp(look, layer: layer.map { ScopeName($0) }, inWorkspace: nil, drawn, into: &found)
        lookUp(look, style: drawn, into: &found)
        if let path {
            let bytes = Array(path.utf8)
            unsafe lookUp(look, path: bytes.span.bytes, into: &found)
        } else {
            lookUp(look, path: nil, into: &found)
        }
        return found
    }

    /// The numbers of the latest scopes that touch what is stored under a canonical key.
    ///
    /// A key whose parts cannot be told, such as a digest, counts as touched by every scope.
    ///
    /// - Parameter fields: the response's, by which a page tells what it shows; nil: not at hand,
    ///   so that it may show anything beside what its path names.
    public func numbers(
        of canonical: RawSpan, fields: RawSpan? = nil, _ reading: ScopeReading, since: UInt64
    ) -> InvalidationIndex.Numbers {
        var found = InvalidationIndex.Numbers(dead: 0, stale: 0)
        if latest <= since { return found }
        guard let entry = EntrySubject(canonical, reading) else {
            return InvalidationIndex.Numbers(dead: latest, stale: latest)
        }
        if entry.kinds.isEmpty { return found }
        let look = ScopeLook(
            kinds: entry.kinds, box: entry.box, level: entry.level, time: entry.time,
            gridSet: entry.gridSet, format: entry.format, since: since)
        everything.numbers(look, style: nil, into: &found)
        if let path = entry.path {
            lookUp(
                look, page: entry, at: canonical.extracting(path), canonical, fields: fields,
                reading, into: &found)
            return found
        }
        entry.forEachName(in: canonical) { layer, workspace, style in
            lookUp(look, layer: layer, inWorkspace: workspace, style, into: &found)
            lookUp(look, style: style, into: &found)
        }
        return found
    }

    /// A page goes with its path, with the layer that this names, and with what it is known to
    /// show; and with all of which that is not known.
    private func lookUp(
        _ look: ScopeLook, page entry: EntrySubject, at path: RawSpan, _ canonical: RawSpan,
        fields: RawSpan?, _ reading: ScopeReading, into found: inout InvalidationIndex.Numbers
    ) {
        let layer = entry.pageLayer(hashedIn: canonical)
        var numbers = InvalidationIndex.Numbers(dead: 0, stale: 0)
        let untold = entry.forEachShown(
            path: path, namesLayer: layer != nil, fields: fields, reading
        ) {
            switch $0 {
            case .layer: lookUp(look, layer: $1, inWorkspace: nil, nil, into: &numbers)
            case .workspace:
                let workspace = ScopeName.workspace(encoded: $2)
                lookUp(look, layer: nil, inWorkspace: workspace, nil, into: &numbers)
            case .style: lookUp(look, style: $1, into: &numbers)
            case .page: lookUp(look, path: $2, into: &numbers)
            }
        }
        found.formMaximum(numbers)
        lookUp(look, path: untold.isAll ? nil : path, into: &found)
        if let layer { lookUp(look, layer: layer, inWorkspace: nil, nil, into: &found) }
        var open = look
        open.kinds = untold.layers
        lookUp(open, layer: nil, inWorkspace: nil, nil, into: &found)
        open.kinds = untold.styles
        lookUp(open, style: nil, into: &found)
    }

    private func lookUp(
        _ look: ScopeLook, _ marks: ScopeMarks?, _ style: ScopeName?,
        into found: inout InvalidationIndex.Numbers
    ) {
        marks?.numbers(look, style: style, into: &found)
    }

    /// - Parameter workspace: that of a layer that is not known otherwise.
    private func lookUp(
        _ look: ScopeLook, layer: ScopeName?, inWorkspace workspace: CacheKey?,
        _ style: ScopeName?, into found: inout InvalidationIndex.Numbers
    ) {
        guard let layer else {
            var look = look
            look.isNamed = false
            guard let workspace else { return lookUp(look, anyLayer, style, into: &found) }
            lookUp(look, inWorkspaces[workspace], style, into: &found)
            lookUp(look, inUnknown, style, into: &found)
            lookUp(look, workspaces[workspace], style, into: &found)
            return
        }
        lookUp(look, layers[layer.any], style, into: &found)
        if let exact = layer.exact, let workspace = layer.workspace {
            lookUp(look, layers[exact], style, into: &found)
            lookUp(look, workspaces[workspace], style, into: &found)
        } else {
            lookUp(look, layers[layer.bare], style, into: &found)
            lookUp(look, anyWorkspace, style, into: &found)
        }
    }

    private func lookUp(
        _ look: ScopeLook, style: ScopeName?, into found: inout InvalidationIndex.Numbers
    ) {
        guard latestStyle > look.since else { return }
        guard let style else { return lookUp(look, anyStyle, nil, into: &found) }
        lookUp(look, styles[style.any], style, into: &found)
        lookUp(look, styles[style.exact ?? style.bare], style, into: &found)
    }

    private func lookUp(
        _ look: ScopeLook, path: RawSpan?, into found: inout InvalidationIndex.Numbers
    ) {
        guard anyPage.latest > look.since else { return }
        guard let path else { return lookUp(look, anyPage, nil, into: &found) }
        ScopeName.forEachStart(of: path, atMost: pageLength) {
            lookUp(look, pages[$0], nil, into: &found)
        }
    }

    /// Whether a path, as sent, begins with whole segments of a decoded one.
    static func begins(_ path: RawSpan, with start: [UInt8]) -> Bool {
        var at = 0
        for byte in start {
            guard at < path.byteCount else { return false }
            let (value, width) = PercentCoding.decoded(path, at: at)
            guard value == byte else { return false }
            at += width
        }
        guard at < path.byteCount, start.last != UInt8(ascii: "/") else { return true }
        return path[at] == UInt8(ascii: "/")
    }
}
