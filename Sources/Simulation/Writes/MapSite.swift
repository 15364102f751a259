import Caching
import Edge
import Glibc

/// How simulated map servers behave.
struct MapHabits {
    /// Microseconds that a picture takes, twice.
    var thinking = 100...200_000
    /// Of a hundred reads: never answered, and broken off.
    var silences = 0
    var resets = 0
    /// Of a hundred writes, those of which nobody can tell what came of them.
    var writeFaults = 0
    /// Answers say how long they are fresh.
    var saysLifetime = true
    /// Nothing fails, so that nothing need be asked for twice.
    var isCalm = true
}

/// What was true when, on the servers' side and on the writers'; judges what viewers get by it.
final class MapSite {
    let world: World
    let model = MapModel()
    let views: [MapView]
    /// What each is, and where, found out once.
    private let facts: [Facts]
    /// What pictures tell that were read before.
    private var read: [[UInt8]: (number: Int, identity: UInt32)] = [:]
    let sabotage: WriteSabotage?
    let habits: MapHabits
    /// As the edge is told to repeat what may go on behind its answer.
    let repeatDelay: UInt64
    let collapseTimeout: UInt64
    /// nil: whatever one server has, all have.
    let cluster: MapCluster?
    /// nil: the edge reads no catalogue.
    let catalogue: MapCatalogue?
    var hasFaults = true {
        didSet { if !hasFaults { faultsEndedAt = world.now } }
    }
    private var faultsEndedAt: UInt64 = 0
    /// What an edge may remember of a failure.
    private static let remembered: UInt64 = 10_000_000_000
    private(set) var edits: [MapEdit] = []
    private var running: [String: [RunningFetch]] = [:]
    private var arrivals: Set<Int> = []
    /// When each view was last seen to be in the store.
    private var known: [Int: UInt64] = [:]
    /// When the edge began anew.
    private var restartedAt: UInt64 = 0
    private(set) var (judged, hits, blocks, restarts) = (0, 0, 0, 0)
    private(set) var beside = 0
    /// What no write touched: tiles and other maps; all else.
    private(set) var (maps, documents) = (Survival(), Survival())
    private(set) var (narrow, passed, behind) = (0, 0, 0)

    private struct Facts {
        var name: String
        var identity: UInt32
        /// With what reaches into it, and with the margin that the edge may take.
        var (shown, widest): (MapPlace?, MapPlace?)

        init(_ view: MapView) {
            (name, identity) = (view.name, view.identity)
            shown = view.place(reach: MapView.reach)
            widest = view.place(reach: MapReach.margin)
        }
    }

    init(
        _ world: World, _ views: (MapModel) -> [MapView], _ habits: MapHabits,
        _ sabotage: WriteSabotage?, cluster: MapCluster?, source: CatalogueSettings?,
        repeatDelay: UInt64, collapseTimeout: UInt64
    ) {
        self.cluster = cluster
        let model = model
        catalogue = source.map { MapCatalogue(world, model, $0, sabotage) }
        (self.world, self.habits, self.sabotage) = (world, habits, sabotage)
        (self.repeatDelay, self.collapseTimeout) = (repeatDelay, collapseTimeout)
        let looked = views(model)
        (self.views, facts) = (looked, looked.map(Facts.init))
    }

    func violate(_ rule: String) { world.violate(rule) }

    // MARK: writers and servers

    func plan(_ operations: [MapEdit.Operation]) -> MapEdit {
        let edit = MapEdit(edits.count, operations)
        edits.append(edit)
        return edit
    }

    /// A write has come to a server. None may come twice.
    func arrived(_ edit: MapEdit) {
        if !arrivals.insert(edit.number).inserted {
            violate("edit \(edit.number) was sent twice")
        }
    }

    func commit(_ edit: MapEdit) {
        for case .restyle(let style) in edit.operations { edit.drawn = model.drawn(by: style) }
        model.commit(edit, at: world.now)
        if edit.isOfCatalog { cluster?.commit(model.number) }
        world.note("edit \(edit.number) is change \(model.number)", 27)
    }

    func isDone(_ edit: MapEdit) -> Bool { model.changes.contains { $0.edit == edit.number } }

    /// The style that a layer has got by an edit whose writer has not been told so yet.
    var untoldStyle: String? {
        for change in model.changes where edits[change.edit].answeredAt == nil {
            if case .redress(_, let style)? = edits[change.edit].operations.first { return style }
        }
        return nil
    }

    /// Somebody changes a style without a word to the edge, which learns by its comparisons that
    /// there was something, and does not know what.
    func writePast(_ style: String) {
        let edit = plan([.restyle(style)])
        (edit.outcome, edit.reaches, edit.passesBy) = (.done, [MapReach()], true)
        (edit.sentAt, edit.answeredAt) = (world.now, world.now + Self.comparisons)
        passed += 1
        commit(edit)
    }

    /// Nanoseconds within which what passed by is noticed: some comparisons, as writes that are
    /// under way spoil one.
    private static let comparisons: UInt64 = 30_000_000_000

    /// What a server tells now of how old its pictures are.
    func drawnNumber(by place: Int) -> Int {
        let isOld = sabotage == .drawsOld && world.dice.chance(30)
        let number = max(0, model.number - (isOld ? 1 : 0))
        return cluster?.told(place, number) ?? number
    }

    /// A request for a picture has come to a server; one at a time is enough of each.
    func began(_ fetch: RunningFetch, _ target: String, _ question: MapQuestion) {
        if question.isOfBlock { blocks += 1 }
        let layers = question.layers("LAYERS").flatMap(model.members)
        // Of an exception there is nothing to share.
        guard habits.isCalm, !model.hides(layers) else { return }
        var others = (running[target] ?? []).filter { !$0.isOver }
        let young = others.filter { other in
            fetch.began - other.began < collapseTimeout
                && !edits.contains { edit in
                    isOpen(edit, from: other.began - Self.way, to: world.now)
                        && (catalogue != nil || cluster != nil && edit.version == nil
                            || edit.reaches.contains {
                                $0.layer.map(layers.contains) ?? true
                            })
                }
        }
        if !young.isEmpty { violate("\(young.count + 1) fetches of \(target) at a time") }
        others.append(fetch)
        running[target] = others
    }

    /// Nanoseconds that a request or an answer may be under way.
    private static let way: UInt64 = 1_000_000_000
    /// The same and what the edge's own clock may be late by.
    private static let slack: UInt64 = 3_000_000_000

    /// What was under way is lost, and another edge goes on with the store.
    func restarted() {
        restarts += 1
        restartedAt = world.now
        known = [:]
    }

    /// Whether a write may have made something stale in some span of time; one that was refused
    /// cannot have, whatever it meant.
    private func isOpen(_ edit: MapEdit, from start: UInt64, to end: UInt64) -> Bool {
        edit.outcome != .refused && overlaps(edit, from: start, to: end)
    }

    private func overlaps(_ edit: MapEdit, from start: UInt64, to end: UInt64) -> Bool {
        guard edit.sentAt > 0, edit.sentAt <= end else { return false }
        guard let answered = edit.answeredAt else { return true }
        var last = max(answered, restartedAt > edit.sentAt ? restartedAt : 0) + Self.way
        if edit.outcome != .refused, edit.outcome == .unknown || edit.isDeferred {
            last += repeatDelay + Self.slack
        }
        return last >= start
    }

    /// From when on nobody may get what is older than a change; nil: nobody has been told of it.
    private func binding(_ change: MapModel.Change) -> UInt64? {
        let edit = edits[change.edit]
        guard let answered = edit.answeredAt else { return nil }
        // It went on behind its answer: once more is what the edge promises then.
        return change.committedAt <= answered && !edit.isLeft
            ? answered : max(answered, restartedAt) + repeatDelay + Self.slack
    }

    // MARK: viewers

    /// - Parameter isNamed: the viewer may see what is hidden from others.
    func judge(
        _ message: MessageReader.Message, _ index: Int, sentAt: UInt64, isNamed: Bool
    ) {
        let (head, view, facts) = (message.head, views[index], facts[index])
        let isHit = head["cache-status"]?.contains("; hit") == true
        // Where nothing fails, only a layer that is hidden is not there.
        let isSound = !hasFaults && sentAt >= faultsEndedAt + Self.remembered
        if isNamed, habits.isCalm || isSound, message.isRefusal {
            violate("\(facts.name) is kept from who may see it")
        }
        guard head.status == 200, let told = told(message, view, facts) else { return }
        // Who could be had had not read the catalog, says so, and is kept by nobody.
        if head["cache-status"]?.contains("detail=out-of-step") == true {
            behind += 1
            if isHit { violate("\(facts.name) is out of step, and out of the store") }
            known[index] = nil
            return
        }
        judged += 1
        if isHit { hits += 1 }
        let (number, catalog) = MapCluster.read(told.number)
        let place = "\(facts.name)\(isHit ? " (hit)" : "")"
        guard told.isIt else { return violate("\(place) shows another") }
        if view.kind != .capabilities, !isNamed, model.hid(view.layers, behind: number) {
            return violate("\(place) shows nobody what change \(number) hides")
        }
        for change in model.changes.dropFirst(min(number, catalog)) {
            guard change.number > (change.isOfCatalog ? min(number, catalog) : number),
                let from = binding(change), from < sentAt,
                model.touches(change, view, at: facts.shown)
            else {
                continue
            }
            violate(
                "\(place) of change \(number), \(catalog) was touched by \(change.number), edit "
                    + "\(change.edit), answered at \(world.milliseconds(at: from)) ms and asked "
                    + "for at \(world.milliseconds(at: sentAt)) ms")
            break
        }
        // What only he may see is in no store.
        if !isNamed { count(index, view, isHit: isHit, sentAt: sentAt) }
    }

    private func reaches(_ edit: MapEdit, _ view: MapView, at place: MapPlace?) -> Bool {
        let isSure = catalogue != nil && edit.outcome == .done && knowsCatalogue(for: edit)
        return edit.reaches.contains {
            $0.mayReach(
                view, at: place, model, drawn: isSure ? edit.drawn : nil,
                isAnywhere: catalogue != nil && !isSure)
        }
    }

    /// Whether the edge has had time to read what there is to read before an edit, and no other one
    /// may change it meanwhile.
    private func knowsCatalogue(for edit: MapEdit) -> Bool {
        let start = edit.sentAt - min(edit.sentAt, MapCatalogue.time)
        guard let end = edit.answeredAt, start > restartedAt else { return false }
        return !edits.contains {
            $0 !== edit && $0.mayChangeCatalogue && overlaps($0, from: start, to: end)
        }
    }

    /// It was left under way by an edge that is gone: for the next one it may be anything, for as
    /// long as an import may take, and styles may draw by it what they will.
    private func lingers(_ edit: MapEdit) -> Bool {
        edit.outcome == .unknown && edit.mayChangeCatalogue && edit.sentAt > 0
            && edit.sentAt < restartedAt
    }

    private func isDoneToCatalog(_ edit: MapEdit) -> Bool {
        edit.isOfCatalog && edit.outcome == .done
    }

    /// What was in the store and was touched by nothing is still there.
    private func count(_ index: Int, _ view: MapView, isHit: Bool, sentAt: UInt64) {
        if let since = known[index], since < sentAt {
            let written = edits.filter { overlaps($0, from: since, to: world.now) }
            let isReached =
                edits.contains(where: lingers)
                || written.contains { edit in
                    edit.outcome != .refused
                        && (cluster != nil && edit.isOfCatalog && edit.outcome != .done
                            || reaches(edit, view, at: facts[index].widest))
                }
            if !isReached, !written.isEmpty {
                switch view.kind {
                case .tile, .picture: maps.note(isKept: isHit)
                case .legend, .features, .info, .capabilities: documents.note(isKept: isHit)
                }
                if isHit, cluster != nil, written.contains(where: isDoneToCatalog) { narrow += 1 }
                if written.allSatisfy({ $0.outcome == .refused }) {
                    beside += 1
                    if !isHit {
                        violate("\(facts[index].name) is gone, and there were but refused writes")
                    }
                }
            }
        }
        known[index] = isHit ? world.now : nil
    }

    /// The number that an answer bears, and whether it is of what was asked for; nil: it is no
    /// answer of a server in order.
    private func told(
        _ message: MessageReader.Message, _ view: MapView, _ facts: Facts
    ) -> (number: Int, isIt: Bool)? {
        switch view.kind {
        case .tile, .picture, .legend:
            guard message.head["content-type"] == "image/png" else { return nil }
            guard let found = read[message.body] ?? NumberedPicture.read(message.body) else {
                return (0, false)
            }
            read[message.body] = found
            return (found.number, found.identity == facts.identity)
        case .features, .info, .capabilities:
            let text = String(decoding: message.body, as: UTF8.self)
            let mark = view.kind == .capabilities ? "updateSequence=\"" : "\"number\": "
            guard let found = text.firstRange(of: mark),
                let number = Int(text[found.upperBound...].prefix { $0.isNumber })
            else { return nil }
            return (number, view.kind == .capabilities || text.contains("\"\(facts.name)\""))
        }
    }

    /// At the end: most has outlived what did not touch it.
    func settle() {
        // Few are no measure: that is taken over many lives.
        let all = maps + documents
        guard all.expected >= 8, all.percent < 75 else { return }
        violate("\(all.kept) of \(all.expected) entries were left by writes elsewhere")
    }
}

extension MessageReader.Message {
    /// A map server's exception, or what the edge makes of one where a picture was asked for.
    fileprivate var isRefusal: Bool {
        head["cache-status"]?.contains("service-exception") == true
            || head["content-type"]?.hasPrefix("application/vnd.ogc.se_xml") == true
    }
}
