import Caching
import Edge

/// Reads from GeoServer's REST interface which style is the default one of each layer, a document
/// at a time, and keeps what it has read.
///
/// XML rather than JSON, in which a list of none is a text, and one of one may be no list.
///
/// Source: GeoServer user manual, "REST": layers; `org.geoserver.rest.catalog.LayerController`.
struct DefaultStyleReading {
    /// Most layers; of a catalogue with more nothing is known.
    static let layerLimit = 10_000

    /// What was read: each layer's default style, nil where its document names none.
    private var known: [LayerName: LayerName?] = [:]
    /// Layers of the list of which nothing is known, backwards.
    private var unread: [LayerName] = []
    /// Layers that are read once more after these; what is known of them holds meanwhile.
    private var rereads: [LayerName] = []
    /// Layers whose documents could not be read the last time. One that never can be costs no more
    /// than not to know by which style that layer is drawn.
    private var failed: Set<LayerName> = []
    /// Layers that are not what `known` says any more.
    private var restyled = RestyledLayers()
    private var hasList = false
    private var rereadsAll = false

    /// Something is known of each layer, and no write is newer.
    var isComplete: Bool { hasList && unread.isEmpty }
    /// And all of that was read since the last `reread`.
    var isFresh: Bool { isComplete && rereads.isEmpty }

    /// Writes may have changed layers, and the list, which may have other names.
    mutating func take(_ restyled: RestyledLayers) {
        guard !restyled.isEmpty else { return }
        self.restyled.formUnion(restyled)
        hasList = false
    }

    /// All is read once more, for what changes without a write that is seen.
    mutating func reread() { (hasList, rereadsAll) = (false, true) }

    /// Reads the next document, if there is one to read.
    ///
    /// - Throws: when it cannot be read: the list, or a layer for the first time. The next step
    ///   begins with the list again; layers that were read stay so.
    mutating func step(_ ask: CatalogueReader.Ask) throws(MemberClient.Failure) {
        let layer = hasList ? unread.last ?? rereads.last : nil
        do throws(MemberClient.Failure) {
            guard let layer else {
                if !hasList { try readList(ask) }
                return
            }
            take(try Self.style(of: layer, ask), of: layer)
            failed.remove(layer)
        } catch {
            // Its server tells of others, and not of this one.
            if let layer, !failed.insert(layer).inserted { return take(nil, of: layer) }
            hasList = false
            if let layer { known[layer] = nil }
            throw error
        }
    }

    /// The last layer of those to be read is drawn by this style; nil: nobody says by which.
    private mutating func take(_ style: LayerName?, of layer: LayerName) {
        known.updateValue(style, forKey: layer)
        if unread.popLast() == nil { rereads.removeLast() }
    }

    private mutating func readList(_ ask: CatalogueReader.Ask) throws(MemberClient.Failure) {
        let list = try ResourceValues(of: "/layers.xml", ask)
        let names = list.values(at: "layers/layer/name").map { LayerName($0) }
        // One of none has no texts, as a page for signing in may have none that are looked at.
        guard list.root == "layers" else {
            throw MemberClient.Failure("/layers.xml is no list of layers")
        }
        guard names.count <= Self.layerLimit else {
            throw MemberClient.Failure("it has more than \(Self.layerLimit) layers")
        }
        let layers = Set(names)
        // The lists of older versions have no workspaces: of namesakes one can be asked for.
        guard layers.count == names.count else {
            throw MemberClient.Failure("layers of several workspaces have one name in its list")
        }
        let changed = restyled
        known = known.filter { layers.contains($0.key) && !changed.mayContain($0.key) }
        unread = names.reversed().filter { known[$0] == nil }
        let wanted = rereadsAll ? layers : Set(rereads)
        rereads = names.reversed().filter { wanted.contains($0) && known[$0] != nil }
        (restyled, rereadsAll, hasList) = (RestyledLayers(), false, true)
    }

    /// - Returns: nil where the document names none.
    private static func style(
        of layer: LayerName, _ ask: CatalogueReader.Ask
    ) throws(MemberClient.Failure) -> LayerName? {
        let path = "/layers/\(CatalogueReader.encoded(layer.description)).xml"
        let found = try ResourceValues(of: path, ask)
        // Its name is bare or not, by version.
        guard found.value(at: "layer/name").map({ LayerName($0).mayBe(layer) }) == true else {
            throw MemberClient.Failure("\(path) is about no layer of that name")
        }
        let place = "layer/defaultStyle"
        guard let text = found.value(at: place + "/name") ?? found.value(at: place) else {
            return nil
        }
        var style = LayerName(text)
        if style.workspace == nil {
            style.workspace =
                found.value(at: place + "/workspace/name") ?? found.value(at: place + "/workspace")
        }
        return style
    }

    /// What is known.
    var styles: DefaultStyles {
        var styles = DefaultStyles()
        for (layer, style) in known {
            if let style {
                styles.layers[style, default: []].append(layer)
            } else {
                styles.untold.append(layer)
            }
        }
        return styles
    }
}

/// When default styles are read, and what becomes of it.
struct DefaultStyleCourse {
    /// Most documents of one look, of which there are four a second: at most sixteen a second.
    static let documentsInLook = 4
    /// Milliseconds after which one that failed is read again, the first time; then twice as many,
    /// and so on up to the interval.
    static let firstDelay: Int64 = 5_000

    enum News {
        /// All of them are known.
        case whole(DefaultStyles)
        case failed(String)
    }

    private var reading = DefaultStyleReading()
    /// What is known has been told, and no write is newer.
    private var isTold = false
    /// When all is read once more, in monotonic milliseconds; nil: that is under way.
    private var rereadAt: Int64?
    /// When it is tried again; nil: it has not failed.
    private var retryAt: Int64?
    private var delay = firstDelay

    /// - Parameters:
    ///   - restyled: layers that writes may have changed since the last look.
    ///   - interval: milliseconds from one whole reading to the next one.
    /// - Returns: nil: nothing is to be read, or more.
    mutating func look(
        at now: Int64, _ restyled: RestyledLayers, interval: Int, _ ask: CatalogueReader.Ask
    ) -> News? {
        reading.take(restyled)
        if !restyled.isEmpty { isTold = false }
        if let retryAt, now < retryAt { return nil }
        if let due = rereadAt, due <= now {
            rereadAt = nil
            reading.reread()
        }
        if reading.isFresh, isTold { return nil }
        do throws(MemberClient.Failure) {
            for _ in 0..<Self.documentsInLook {
                try reading.step(ask)
                guard reading.isFresh || reading.isComplete && !isTold else { continue }
                (isTold, retryAt, delay) = (true, nil, Self.firstDelay)
                if reading.isFresh, rereadAt == nil { rereadAt = now + Int64(interval) }
                return .whole(reading.styles)
            }
            return nil
        } catch {
            (isTold, retryAt) = (false, now + delay)
            delay = max(Self.firstDelay, min(2 * delay, Int64(interval)))
            return .failed(error.text)
        }
    }
}
