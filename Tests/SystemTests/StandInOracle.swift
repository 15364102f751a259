import Glibc
import Testing
import WireTesting

/// What is looked at of the stand-in's maps: some layers, somewhere.
struct StandInView: Hashable {
    var layers: String
    var style = ""
    /// West and south of ten degrees by ten.
    var west: Int
    var south: Int

    /// Half of a picture's size beyond its edges, which symbols may reach into; and what the edge
    /// may take for that at most.
    static let (reach, margin) = (4.0, 7.0)

    func holds(_ place: (Double, Double), within more: Double) -> Bool {
        place.0 >= Double(west) - more && place.0 <= Double(west + 10) + more
            && place.1 >= Double(south) - more && place.1 <= Double(south + 10) + more
    }

    /// One of its spellings.
    func target(_ random: inout SeededRandom) -> String {
        let isNew = random.below(2) == 0
        let box =
            isNew
            ? "\(south),\(west),\(south + 10),\(west + 10)"
            : "\(west),\(south),\(west + 10),\(south + 10)"
        var parameters = [
            "service=WMS", "version=\(isNew ? "1.3.0" : "1.1.1")", "request=GetMap",
            "layers=\(layers)", "styles=\(style)", "\(isNew ? "crs" : "srs")=EPSG:4326",
            "bbox=\(box)", "width=64", "height=64", "format=image/png", "transparent=true",
        ]
        for index in parameters.indices.dropFirst() {
            parameters.swapAt(index, random.below(index + 1))
        }
        let path = random.below(2) == 0 ? "wms" : "ows"
        return "/geoserver/\(path)?" + parameters.joined(separator: "&")
    }
}

/// Knows which pictures are too old by what the stand-in says of its layers after each step: a
/// second opinion that knows the edge's answers and the order of steps, and nothing else.
struct StandInOracle {
    /// What a step touched: a layer, at a place or all of it; nil: every layer.
    struct Touch {
        var layer: String?
        var place: (Double, Double)?
        /// Pictures that are drawn with it alone: those that name it, and of those that name none
        /// those of these layers, whose default style it was.
        var style: String?
        var drawn: Set<String> = []
    }

    private let server: GeoServer
    let views: [StandInView]
    /// Of each kind of map, what it looked like behind each step.
    private var history: [String: [String]] = [:]
    /// What each step touched in truth, and what it told that it may have.
    private var truth: [[Touch]] = [[]]
    private var told: [[Touch]] = [[]]
    /// The step behind which each view was found in the store.
    private var known: [StandInView: Int] = [:]
    private(set) var (hits, expected, kept) = (0, 0, 0)

    init(_ server: GeoServer, _ views: [StandInView]) throws {
        (self.server, self.views) = (server, views)
        for kind in kinds { history[kind] = [try state(kind)] }
    }

    private var kinds: [String] { Set(views.map { "\($0.layers) \($0.style)" }).sorted() }

    private func state(_ kind: String) throws -> String {
        let parts = kind.split(separator: " ", omittingEmptySubsequences: false)
        return try server.control("/colour?layers=\(parts[0])&styles=\(parts[1])")["state"]?.text
            ?? "none"
    }

    /// Something happened whose answer is here.
    mutating func step(truth: [Touch], told: [Touch]) throws {
        self.truth.append(truth)
        self.told.append(told)
        for kind in kinds {
            let now = try state(kind)
            history[kind]?.append(now)
        }
    }

    private static func touches(
        _ touch: Touch, _ view: StandInView, within more: Double, knowsStyle: Bool
    ) -> Bool {
        if let layer = touch.layer, !view.layers.split(separator: ",").contains(layer[...]) {
            return false
        }
        if let style = touch.style {
            let layers = view.layers.split(separator: ",").map { String($0) }
            let isDrawn =
                view.style.isEmpty
                ? !knowsStyle || layers.contains(where: touch.drawn.contains)
                : view.style == style
            if !isDrawn { return false }
        }
        return touch.place.map { view.holds($0, within: more) } ?? true
    }

    /// Judges an answer; returns what is wrong with it.
    mutating func judge(_ response: Response, _ view: StandInView) -> String? {
        guard response.status == 200, let state = response["X-Stand-In-State"] else {
            known[view] = nil
            return nil
        }
        if response.isHit { hits += 1 }
        count(view, isHit: response.isHit)
        let kind = "\(view.layers) \(view.style)"
        guard let drawn = history[kind]?.lastIndex(of: state) else {
            return "\(view) shows \(state), which never was"
        }
        let touched = truth.indices.dropFirst(drawn + 1).first { index in
            truth[index].contains {
                Self.touches($0, view, within: StandInView.reach, knowsStyle: true)
            }
        }
        return touched.map {
            "\(view)\(response.isHit ? " (hit)" : "") is of step \(drawn), and step \($0) "
                + "touched it"
        }
    }

    private mutating func count(_ view: StandInView, isHit: Bool) {
        let now = truth.count - 1
        if let since = known[view], since < now {
            let isReached = told[(since + 1)...].joined().contains {
                Self.touches($0, view, within: StandInView.margin, knowsStyle: false)
            }
            if !isReached {
                expected += 1
                if isHit { kept += 1 }
            }
        }
        known[view] = isHit ? now : nil
    }

    /// Another edge is asked now, that may have lost what was stored last.
    mutating func forget() { known = [:] }
}
