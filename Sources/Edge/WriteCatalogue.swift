public import Caching
public import Reactor
import Synchronization

/// What the servers' own catalogue says of how far a write reaches, as it was read last.
public struct WriteCatalogue: Sendable, Equatable {
    /// The workspace that a namespace URI belongs to.
    public var workspaces: [String: String] = [:]
    /// Groups with their members.
    public var groups: [LayerName: [LayerName]] = [:]
    /// Styles by which groups draw a member that may have another one by default.
    public var groupStyles = DefaultStyles()

    public init() {}
}

/// Where that catalogue is read.
public struct CatalogueSettings: Sendable, Equatable {
    /// The origin whose members have it.
    public var origin: String
    /// The path of GeoServer's REST interface there.
    public var restPath = "/geoserver/rest"
    /// The value of an Authorization field; nil: none.
    public var authorization: String?
    /// Milliseconds between two readings. Default 5 min.
    public var interval = 300_000
    /// Milliseconds that one document may take. Default 10 s.
    public var timeout = 10_000

    public init(origin: String) { self.origin = origin }
}

/// What of the catalogue a write may change.
struct CatalogueChange: Sendable {
    /// Groups, their members and their styles.
    var isOfGroups: Bool
    /// The default style of a layer.
    var isOfStyles: Bool
}

/// A write that may change the catalogue is under way for as long as this is held: the server may
/// have done it, and nobody been told.
final class CatalogueHold: Sendable {
    let change: CatalogueChange
    private let board: CatalogueBoard

    fileprivate init(_ change: CatalogueChange, _ board: CatalogueBoard) {
        (self.change, self.board) = (change, board)
    }

    deinit { board.release(change) }
}

/// The catalogue for all loops: looked at when a write passes, and at no other time.
package final class CatalogueBoard: Sendable {
    /// What is known of it.
    struct Known {
        /// nil: it was not read yet.
        var catalogue: WriteCatalogue?
        /// Where it was read.
        var source: CatalogueSettings?
        /// A write passed since that may have changed it: groups may have members that are not in
        /// `catalogue`.
        var isBehind = false
        /// Such a write was not there yet when the reading that is under way began.
        fileprivate var mayHaveChanged = false
        /// When the last write that goes on behind its answer is taken for done, in monotonic
        /// milliseconds; nil: there is none.
        fileprivate var settlesAt: Int64?
        /// How many writes have passed that may have changed which style of a layer is its default
        /// one, and until when the last of them may go on.
        fileprivate var styleChanges: UInt64 = 0
        fileprivate var stylesSettleAt: Int64 = .min
        /// The default styles of all layers; nil: they were not read yet, or cannot be.
        fileprivate(set) var styles: DefaultStyles?
        /// Where they were read.
        fileprivate(set) var stylesSource: CatalogueSettings?
        /// A write passed since that may have changed one of them.
        fileprivate(set) var areStylesBehind = false
        /// By writes that nobody has read anew for, and by those that may still go on.
        fileprivate var restyled = RestyledLayers()
        fileprivate var unsettled = RestyledLayers()
        /// Until when writes that a process before has left under way may still change any of
        /// them; nil: there are none. It runs from the first reading on.
        fileprivate var leftUntil: Int64?
        /// That nobody tells of groups was told.
        fileprivate var hasToldOfGroups = false
        /// The layers by the site's numbers.
        fileprivate(set) var numbers: [String: LayerName] = [:]
        /// Where they were read.
        fileprivate(set) var numbersSource: CatalogueSettings?
        /// Writes under way that may have changed groups, and default styles.
        fileprivate var groupWrites = 0
        fileprivate var styleWrites = 0

        /// What the catalogue says of groups may be over.
        var mayBeOver: Bool { isBehind || groupWrites > 0 }
        /// What it says of default styles may be.
        var stylesMayBeOver: Bool { mayBeOver || areStylesBehind || styleWrites > 0 }

        fileprivate mutating func count(_ change: CatalogueChange, _ step: Int) {
            if change.isOfGroups { groupWrites += step }
            if change.isOfStyles { styleWrites += step }
        }

        /// What is known to a write that is under way: it goes by what was there before it.
        func known(to hold: CatalogueHold?) -> Known {
            var known = self
            if let hold { known.count(hold.change, -1) }
            return known
        }
    }

    private let state: Mutex<Known>
    /// `Known.styleChanges`; `inDoubt` while such a write is under way.
    private let styleNumber = Atomic<UInt64>(0)
    private static let inDoubt = UInt64.max

    /// - Parameter hasLeft: a process before has left writes under way that may change a layer's
    ///   default style, of which nobody will be told when they are done.
    init(hasLeft: Bool = false) {
        var known = Known()
        if hasLeft { known.leftUntil = .max }
        state = Mutex(known)
    }

    var known: Known { state.withLock { $0 } }

    /// A write is about to be forwarded that may change the catalogue. From its first byte on until
    /// it is known what became of it nothing that was read tells what is so.
    ///
    /// - Returns: to be held until then, and until its change is noted.
    func hold(_ change: CatalogueChange) -> CatalogueHold? {
        guard change.isOfGroups || change.isOfStyles else { return nil }
        state.withLock {
            $0.count(change, 1)
            tell($0)
        }
        return CatalogueHold(change, self)
    }

    /// Whether an edit is the first one behind which groups stay as they are.
    func takeWarning() -> Bool {
        state.withLock { state in
            defer { state.hasToldOfGroups = true }
            return !state.hasToldOfGroups
        }
    }

    fileprivate func release(_ change: CatalogueChange) {
        state.withLock {
            $0.count(change, -1)
            tell($0)
        }
    }

    private func tell(_ known: Known) {
        let number = known.styleWrites > 0 ? Self.inDoubt : known.styleChanges
        styleNumber.store(number, ordering: .releasing)
    }

    /// Whether no write that may change a default style has passed since so many of them had, nor
    /// is one under way. One load.
    func knowsStyles(of change: UInt64) -> Bool {
        let number = styleNumber.load(ordering: .acquiring)
        return number == change && number != Self.inDoubt
    }

    /// A write that passed may have changed it.
    ///
    /// - Parameter settlesAt: it may do so until then, in monotonic milliseconds; nil: it is done.
    package func noteChange(until settlesAt: Int64? = nil) {
        state.withLock { state in
            (state.isBehind, state.mayHaveChanged) = (true, true)
            if let settlesAt { state.settlesAt = max(state.settlesAt ?? settlesAt, settlesAt) }
        }
    }

    /// A write that passed may have changed the default style of a layer.
    ///
    /// - Parameters:
    ///   - restyled: of which one, if that is known.
    ///   - settlesAt: as in `noteChange`.
    package func noteStyleChange(
        _ restyled: ObservedWrite.Restyled, until settlesAt: Int64? = nil
    ) {
        state.withLock { state in
            state.styleChanges += 1
            tell(state)
            if let settlesAt { state.stylesSettleAt = max(state.stylesSettleAt, settlesAt) }
            guard restyled != .none else { return }
            state.areStylesBehind = true
            state.restyled.insert(restyled)
            if settlesAt != nil { state.unsettled.insert(restyled) }
        }
    }

    /// Layers whose default style has to be read anew; the reading begins now.
    package func takeRestyled(at now: Int64) -> RestyledLayers {
        state.withLock { state in
            if let until = state.leftUntil {
                state.leftUntil = until == .max ? now + 2 * PendingWrites.waitMax : until
                if until <= now { (state.leftUntil, state.restyled) = (nil, .init(areAll: true)) }
            }
            if state.stylesSettleAt <= now {
                state.restyled.formUnion(state.unsettled)
                state.unsettled = RestyledLayers()
            }
            defer { state.restyled = RestyledLayers() }
            return state.restyled
        }
    }

    /// What the reading found that has taken all `takeRestyled` told; nil: it has failed.
    package func putInForce(_ styles: DefaultStyles?, from source: CatalogueSettings?) {
        state.withLock { state in
            (state.styles, state.stylesSource) = (styles, source)
            state.areStylesBehind =
                !state.restyled.isEmpty || !state.unsettled.isEmpty || state.leftUntil != nil
        }
    }

    /// What a reading of the site's list found.
    package func putInForce(_ numbers: [String: LayerName], from source: CatalogueSettings) {
        state.withLock { ($0.numbers, $0.numbersSource) = (numbers, source) }
    }

    func styleChanges(at now: Int64) -> (number: UInt64, isSettled: Bool) {
        state.withLock { ($0.styleChanges, $0.stylesSettleAt <= now) }
    }

    /// Whether it has to be read anew; the reading begins now.
    package func takeChange(at now: Int64) -> Bool {
        state.withLock { state in
            let isSettled = state.settlesAt.map { $0 <= now } ?? false
            if isSettled { state.settlesAt = nil }
            defer { state.mayHaveChanged = false }
            return state.mayHaveChanged || isSettled
        }
    }

    /// What the reading found that began with the last `takeChange`.
    package func putInForce(_ catalogue: WriteCatalogue, from source: CatalogueSettings?) {
        state.withLock { state in
            (state.catalogue, state.source) = (catalogue, source)
            state.isBehind = state.mayHaveChanged || state.settlesAt != nil
        }
    }
}

/// A member, and how it is asked for something beside what viewers want of it.
public struct MemberTarget: Sendable {
    public let origin: OriginSettings
    public let member: MemberSettings
    public let tls: TLSContext?
    /// The value of an Authorization field; nil: none.
    public var authorization: String?
    /// Milliseconds for the whole call.
    public var timeout: Int

    public init(
        origin: OriginSettings, member: MemberSettings, tls: TLSContext?, authorization: String?,
        timeout: Int
    ) {
        (self.origin, self.member, self.tls) = (origin, member, tls)
        (self.authorization, self.timeout) = (authorization, timeout)
    }
}

extension Server {
    /// Where the catalogue is to be read; nil: nowhere.
    public var catalogueSettings: CatalogueSettings? {
        // Asked for several times a second: a copy of all of `writes` retains each of its parts.
        let snapshot = snapshot
        return snapshot.settings.writes.isOn ? snapshot.settings.writes.catalogue : nil
    }

    /// Whether a write that may have changed the catalogue has passed since the last call.
    public func takeCatalogueChange() -> Bool {
        shared.catalogue.takeChange(at: monotonicMilliseconds())
    }

    /// Writes reach as far as this catalogue says, from the next one on, unless one has passed
    /// since `takeCatalogueChange` that may have changed it.
    ///
    /// - Parameter source: where it was read.
    public func putInForce(_ catalogue: WriteCatalogue, from source: CatalogueSettings) {
        shared.catalogue.putInForce(catalogue, from: source)
    }

    /// Layers whose default style may have been changed by writes since the last call.
    public func takeRestyledLayers() -> RestyledLayers {
        shared.catalogue.takeRestyled(at: monotonicMilliseconds())
    }

    /// Writes to styles reach as far as these say, from the next one on, unless one has passed
    /// since `takeRestyledLayers` that may have changed them.
    ///
    /// - Parameters:
    ///   - styles: of all layers; nil: not all are known.
    ///   - source: where they were read.
    public func putInForce(_ styles: DefaultStyles?, from source: CatalogueSettings?) {
        shared.catalogue.putInForce(styles, from: source)
    }

    /// Where the site's list of layers is to be read; nil: nowhere.
    public var numberSettings: CatalogueSettings? {
        let snapshot = snapshot
        return snapshot.settings.writes.isOn ? snapshot.settings.writes.numbers : nil
    }

    /// Writes by the site's numbers reach as far as these say, from the next one on.
    ///
    /// - Parameter source: where they were read.
    public func putInForce(_ numbers: [String: LayerName], from source: CatalogueSettings) {
        shared.catalogue.putInForce(numbers, from: source)
    }

    /// A scope with all that shows what it names, as far as configuration and catalogue tell.
    public func expanded(_ scope: WriteScope) -> WriteScope {
        snapshot.settings.writes.with(shared.catalogue.known).expanded(scope)
    }

    /// An origin's members that are in step with its catalog, as far as it has one, those that are
    /// fit first: another one tells of what is over.
    public func targets(of origin: String) -> [MemberTarget] {
        guard let pool = snapshot.pools.first(where: { $0.settings.id == origin }) else {
            return []
        }
        let fit = pool.standing(at: monotonicMilliseconds()).fit
        let stepless = pool.cluster?.stepless ?? []
        let members = pool.settings.members.enumerated().filter {
            !stepless.contains($0.element.name)
        }.sorted { left, right in
            let (first, second) = (fit >> UInt64(left.offset) & 1, fit >> UInt64(right.offset) & 1)
            return first == second ? left.offset < right.offset : first > second
        }
        return members.map {
            MemberTarget(
                origin: pool.settings, member: $0.element, tls: pool.tls, authorization: nil,
                timeout: pool.settings.firstByteTimeout)
        }
    }
}

extension WriteSettings {
    /// The same with what the catalogue knows beside the configuration, which has the last word.
    func with(_ known: CatalogueBoard.Known) -> WriteSettings {
        var settings = self
        if let numbers, known.numbersSource == numbers {
            settings.context.numbers = known.numbers
        }
        // That of another server says nothing.
        let catalogue = known.source == self.catalogue ? known.catalogue : nil
        settings.awaitsCatalogue =
            self.catalogue != nil && (catalogue == nil || known.mayBeOver)
        guard let catalogue else { return settings }
        settings.context.workspaces.merge(catalogue.workspaces) { own, _ in own }
        settings.groups.merge(catalogue.groups) { own, _ in own }
        // Of a catalogue without layers there are no pictures either, unless they are not shown to
        // whoever reads it.
        if let styles = known.styles, styles.count > 0, known.stylesSource == self.catalogue,
            !known.stylesMayBeOver
        {
            settings.defaultStyles = (styles, catalogue.groupStyles)
        }
        return settings
    }
}
