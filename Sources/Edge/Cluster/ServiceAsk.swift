import HTTP

/// What a request to an OGC service could change at a GeoServer; pure.
///
/// GeoServer takes a posted document by its root element, whatever service the path names, and the
/// query where the document does not say it: what either of them names counts.
///
/// Source: GeoServer user manual, "WPS operations", "WFS: stored queries", "Import process"; OGC
/// 05-007r7 §10 (WPS 1.0 Execute), OGC 14-065r2 §9 (WPS 2.0).
struct ServiceAsk {
    /// The service that the path ends with, in small letters.
    let service: String
    /// Features are in one database.
    let sharedStore: Bool
    let request: ClusterClassifier.Request

    var ask: ClusterAsk {
        let operations = [
            ClusterClassifier.parameter("request", in: request.query), postedOperation,
        ].compactMap { $0 }
        func names(_ some: Set<String>) -> Bool { operations.contains(where: some.contains) }
        if request.isSafe {
            // The answer of a process may lie, and what it changes may be, at the leader alone.
            return names(Self.processing) ? .leaderRead : .affected
        }
        if names(Self.catalogWrites) { return .write }
        if !sharedStore, names(Self.featureWrites) { return .write }
        if operations.contains("execute") { return execution }
        if names(Self.processing) { return .leaderRead }
        // What has not come yet, or is not understood, may be a write where writes are taken.
        return operations.isEmpty && isWritable ? .write : .affected
    }

    private var isWritable: Bool {
        switch service {
        case "wps", "ows", "csw": true
        case "wfs": !sharedStore
        default: false
        }
    }

    /// Kept in the data directory, or harvested into it.
    private static let catalogWrites: Set<String> = [
        "createstoredquery", "dropstoredquery", "harvest",
    ]
    private static let featureWrites: Set<String> = [
        "transaction", "lockfeature", "getfeaturewithlock",
    ]
    /// Of a WPS, which keeps its processes' answers in its own process.
    private static let processing: Set<String> = [
        "execute", "getexecutionstatus", "getexecutionresult", "getstatus", "getresult", "dismiss",
    ]

    private var isXML: Bool {
        let first = request.body.first { $0 > 0x20 && $0 < 0x80 }
        return first == UInt8(ascii: "<")
    }

    /// The root element, or the `request` of a form.
    private var postedOperation: String? {
        isXML
            ? ClusterClassifier.rootElement(of: request.body)
            : ClusterClassifier.parameter("request", in: request.body)
    }

    /// An Execute reads if all its processes, those within its inputs too, are known to.
    private var execution: ClusterAsk {
        var told = ExecutedProcesses()
        if isXML {
            guard told.read(request.body) else { return .write }
        } else {
            for text in [request.query, request.body] {
                if let name = ClusterClassifier.parameter("identifier", in: text) {
                    told.names.append(name)
                }
                let store = ClusterClassifier.parameter("storeexecuteresponse", in: text)
                if store == "true" { told.isKept = true }
            }
        }
        guard !told.names.isEmpty, told.names.allSatisfy(Self.reads) else { return .write }
        return told.isKept ? .leaderRead : .affected
    }

    /// Whether a process is known to change nothing: those that calculate with geometries, features
    /// and rasters. `gs:Import` makes a layer; of what others bring nobody knows.
    static func reads(_ process: String) -> Bool {
        let name = process.lowercased()
        guard let colon = name.firstIndex(of: ":") else { return false }
        let local = String(name[name.index(after: colon)...])
        switch name[..<colon] {
        case "jts", "geo", "vec", "ras", "polygonlabelprocess", "skltn", "centerline": return true
        case "gs": return readingProcesses.contains(local)
        default: return false
        }
    }

    private static let readingProcesses: Set<String> = [
        "addcoverages", "aggregate", "areagrid", "barnessurface", "bounds",
        "bufferfeaturecollection", "centroid", "clip", "collectgeometries", "contour", "count",
        "cropcoverage", "download", "downloadanimation", "downloadestimator", "downloadmap",
        "feature", "getfullcoverage", "grid", "heatmap", "inclusionfeaturecollection",
        "intersectionfeaturecollection", "lrsgeocode", "lrsmeasure", "lrssegment", "nearest",
        "pagedunique", "pointbuffers", "pointstacker", "query", "rangelookup",
        "rasteraspointcollection", "rasterzonalstatistics", "rectangularclip", "reproject",
        "scalecoverage", "simplify", "snap", "stylecoverage", "transform",
        "unionfeaturecollection", "unique", "vectorzonalstatistics",
    ]
}

/// The processes that an Execute document names, each the first Identifier in its Execute.
private struct ExecutedProcesses {
    var names: [String] = []
    /// The answer, or the state of what goes on, is to be had from who was asked only.
    var isKept = false

    /// False: the document is not whole, or none.
    mutating func read(_ body: [UInt8]) -> Bool {
        var scanner = XMLScanner(limits: .document)
        var (at, text) = (0, "")
        /// Executes that are open and have no name yet, and elements between them.
        var path: [String] = []
        var isUnnamed = false
        let bytes = unsafe body.span.bytes
        while true {
            guard let step = try? scanner.next(bytes.extracting(at...)) else { return false }
            at += step.consumed
            switch step.event {
            case .needMore: return (try? scanner.finish()) != nil && !isUnnamed
            case .text(let piece): text += piece
            case .start(let element):
                let name = element.name.local.lowercased()
                if name == "execute" {
                    // Before its Identifier there is no room for another one.
                    if isUnnamed { return false }
                    isUnnamed = true
                    if element["mode"] == "async" || element["mode"] == "auto" { isKept = true }
                }
                if element["storeExecuteResponse"] == "true" || element["status"] == "true" {
                    isKept = true
                }
                path.append(name)
                text = ""
            case .end(let name):
                _ = path.popLast()
                if isUnnamed, path.last == "execute", name.local.lowercased() == "identifier" {
                    names.append(text.filter { !$0.isWhitespace })
                    isUnnamed = false
                }
            }
        }
    }
}
