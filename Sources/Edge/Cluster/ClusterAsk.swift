/// What a request means to a cluster of GeoServers.
public enum ClusterAsk: Sendable, Equatable {
    /// Changes the catalog: to the leader, and never twice.
    case write
    /// Reads the catalog, or belongs to a session of the web pages: to the leader.
    case leaderRead
    /// Its answer could be changed by a write.
    case affected
    /// No write changes its answer.
    case unaffected
}

/// Tells requests apart by what they are to a GeoServer; pure.
///
/// What is not known counts as more than it may be: an unknown unsafe method is a write, an unknown
/// read is affected by one. GET never counts as a write, though some links of the web pages change
/// something: the comparison of members finds that out. What is posted to an OGC service is told
/// apart by ``ServiceAsk``.
///
/// Source: GeoServer user manual, "REST", "GeoWebCache REST API", "Virtual Services".
public struct ClusterClassifier: Sendable {
    private let context: [String]
    private let proxies: [[String]]
    private let restName: String
    private let sharedStore: Bool

    public init(_ settings: ClusterSettings) {
        let rest = Self.segments(Array(settings.restPath.utf8)[...])
        context = Array(rest.dropLast())
        restName = rest.last ?? "rest"
        proxies = settings.proxies.map { Self.segments(Array($0.utf8)[...]) }
        sharedStore = settings.sharedStore
    }

    /// One request, as far as it matters here.
    public struct Request {
        /// As in the request line.
        public var method: String
        public var path: [UInt8]
        public var query: [UInt8]
        /// What has arrived of the body; may be empty or the beginning only.
        public var body: [UInt8]

        public init(method: String, path: [UInt8], query: [UInt8], body: [UInt8] = []) {
            self.method = method
            self.path = path
            self.query = query
            self.body = body
        }

        var isSafe: Bool { ["GET", "HEAD", "OPTIONS", "TRACE"].contains(method) }
    }

    public func classify(_ request: Request) -> ClusterAsk {
        let path = Self.segments(request.path[...])
        guard let rest = rest(of: path) else { return .unaffected }
        guard let first = rest.first else { return request.isSafe ? .leaderRead : .write }
        switch first {
        case restName, "geogig": return request.isSafe ? .leaderRead : .write
        case "web", "j_spring_security_logout": return request.isSafe ? .leaderRead : .write
        // Signing in changes nothing that others see, but the session is the leader's.
        case "j_spring_security_check", "login": return .leaderRead
        case "gwc": return tileCache(rest, request)
        case "schemas", "openlayers", "openlayers3": return request.isSafe ? .unaffected : .write
        default: return service(rest, request)
        }
    }

    /// Whether a request to another origin ends up as a write here: GeoNode passes some on.
    public func isProxiedWrite(_ request: Request) -> Bool {
        guard !request.isSafe else { return false }
        let path = Self.segments(request.path[...])
        guard let rest = rest(of: path), let first = rest.first else { return false }
        if first == restName || first == "gwc" && rest.dropFirst().first == "rest" { return true }
        return Self.services.contains(Self.serviceName(rest)) && service(rest, request) == .write
    }

    /// How many objects of the catalog a write that succeeds saves, at least: each raises its
    /// update sequence (GeoServer, `org.geoserver.config.UpdateSequenceListener`).
    public func saves(_ request: Request) -> Int {
        let path = rest(of: Self.segments(request.path[...])) ?? []
        let objects: Set<String> = [
            "workspaces", "namespaces", "styles", "layers", "layergroups",
        ]
        // These empty caches or change data, and save nothing.
        let others: Set<String> = ["reset", "index", "granules", "appschema"]
        guard path.first == restName, path.dropFirst().first.map(objects.contains) == true,
            let last = path.last?.split(separator: ".").first,
            !path.dropFirst(2).contains(where: { segment in
                others.contains(segment)
                    || ["file.", "url.", "external."].contains { segment.hasPrefix($0) }
            })
        else { return 0 }
        // What is published is a resource and the layer that shows it.
        let published: Set<Substring> = ["featuretypes", "coverages", "wmslayers", "wmtslayers"]
        return request.method == "POST" && published.contains(last) ? 2 : 1
    }

    private func rest(of path: [String]) -> ArraySlice<String>? {
        for start in proxies + [context] where path.starts(with: start) {
            return path.dropFirst(start.count)
        }
        return nil
    }

    private func tileCache(_ rest: ArraySlice<String>, _ request: Request) -> ClusterAsk {
        switch rest.dropFirst().first {
        case "rest": return request.isSafe ? .leaderRead : .write
        // Tiles are asked for with GET; some clients post the same questions.
        case "service": return .affected
        default: return request.isSafe ? .affected : .write
        }
    }

    /// An OGC service, global or virtual: `/wms`, `/W/wms`, `/W/L/wfs/WfsDispatcher`.
    private func service(_ rest: ArraySlice<String>, _ request: Request) -> ClusterAsk {
        let name = Self.serviceName(rest)
        guard request.isSafe || request.method == "POST" && Self.services.contains(name) else {
            return .write
        }
        return ServiceAsk(service: name, sharedStore: sharedStore, request: request).ask
    }

    private static let services: Set<String> = [
        "wms", "wfs", "wcs", "wps", "ows", "csw", "wmts", "kml", "animate",
    ]

    private static func serviceName(_ rest: ArraySlice<String>) -> String {
        rest.contains("WfsDispatcher") ? "wfs" : rest.last?.lowercased() ?? ""
    }

    // MARK: reading

    /// The path's segments as GeoServer's container sees them: decoded, without parameters such as
    /// `;jsessionid=…`, without empty and dot segments.
    static func segments(_ path: ArraySlice<UInt8>) -> [String] {
        var kept: [String] = []
        for piece in path.split(separator: UInt8(ascii: "/")) {
            let name = piece.prefix { $0 != UInt8(ascii: ";") }
            // A slash that was encoded stays in its segment: containers refuse or keep it.
            let text = String(decoding: decoded(name), as: UTF8.self)
            switch text {
            case "", ".": continue
            case "..": _ = kept.popLast()
            default: kept.append(text)
            }
        }
        return kept
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == UInt8(ascii: "%"), at + 2 < text.endIndex,
                let high = hexDigit(text[at + 1]), let low = hexDigit(text[at + 2])
            {
                bytes.append(high << 4 | low)
                at += 3
            } else {
                bytes.append(text[at])
                at += 1
            }
        }
        return bytes
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// A parameter's value in small letters; names do not count their case.
    static func parameter(_ name: String, in query: [UInt8]) -> String? {
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let key = String(decoding: decoded(pair.prefix { $0 != 0x3D }), as: UTF8.self)
            guard key.lowercased() == name else { continue }
            let value = pair.drop { $0 != 0x3D }.dropFirst()
            return String(decoding: decoded(value), as: UTF8.self).lowercased()
        }
        return nil
    }

    /// The local name of a document's root element, in small letters; nil: it is not here yet, or
    /// there is none.
    static func rootElement(of body: [UInt8]) -> String? {
        var at = 0
        while let open = body[at...].firstIndex(of: UInt8(ascii: "<")), open + 1 < body.count {
            let next = body[open + 1]
            if next == UInt8(ascii: "?") || next == UInt8(ascii: "!") {
                // A prologue, a comment or a document type; the first two may hold a `>`.
                let end: [UInt8] =
                    next == UInt8(ascii: "?")
                    ? [0x3F, 0x3E]
                    : body[(open + 2)...].starts(with: [0x2D, 0x2D]) ? [0x2D, 0x2D, 0x3E] : [0x3E]
                guard let after = body[(open + 2)...].firstRange(of: end) else { return nil }
                at = after.upperBound
                continue
            }
            let name = body[(open + 1)...].prefix {
                $0 > 0x20 && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "/")
            }
            guard name.endIndex < body.count else { return nil }
            let local = name.split(separator: UInt8(ascii: ":")).last ?? []
            return String(decoding: local, as: UTF8.self).lowercased()
        }
        return nil
    }
}
