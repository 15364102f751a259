import HTTP

/// The grid sets of a WMTS, as its capabilities have them.
public struct PoolGridSets: Equatable, Sendable {
    /// A set that cannot be gone by.
    public struct Refusal: Equatable, Sendable {
        public var name: String
        /// What is the matter, as the rest of a sentence: `has no TopLeftCorner`.
        public var problem: String
    }

    public var sets: [GridSet] = []
    public var refused: [Refusal] = []

    public init() {}
}

/// Reads the tile matrix sets of WMTS capabilities, piece by piece as they arrive.
///
/// Memory is bounded by the scanner's limits and by what is kept of `setsMax` sets. It is used like
/// `CapabilitiesReader`, and must not be used any more after it has thrown. A set that says of
/// itself what cannot be, or of whose reference system too little is known, is refused by itself.
///
/// Source: OGC 07-057r7 §7.1.1.1.4; what GeoWebCache writes, `WMTSGetCapabilities`.
public struct PoolGridSetsReader: CapabilitiesScan, Sendable {
    /// Most sets of a service, and bytes of a name.
    public static let setsMax = 64
    static let nameBytes = 200

    var transcoder = XMLTranscoder(charset: nil)
    var scanner = XMLScanner(limits: .capabilities, isTranscoded: true)
    private let known: GridSets
    /// The local names of the open elements.
    private var path: [String] = []
    var text = ""
    private var draft = TileMatrixSetDraft()
    private var count = 0
    private var found = PoolGridSets()

    /// - Parameter known: sets of the operator, which know more of their systems.
    public init(known: GridSets) { self.known = known }

    /// Reads whole capabilities.
    public static func read(
        _ document: RawSpan, known: GridSets
    ) throws(CapabilitiesError) -> PoolGridSets {
        var reader = PoolGridSetsReader(known: known)
        try reader.take(document)
        return try reader.finish()
    }

    /// Takes the bytes that follow the ones before.
    public mutating func take(_ bytes: RawSpan) throws(CapabilitiesError) { try scan(bytes) }

    /// Says that the document ends here.
    public mutating func finish() throws(CapabilitiesError) -> PoolGridSets {
        try endScan()
        return found
    }

    mutating func begin(_ element: XMLElement) throws(CapabilitiesError) {
        let name = element.name.local
        if CapabilitiesReader.exceptions.contains(name) { throw .exception }
        if path.isEmpty, name != "Capabilities" { throw .notCapabilities(root: name) }
        // A layer has links to sets, which stand in elements of the same name.
        if name == "TileMatrixSet", path.last == "Contents" { draft = TileMatrixSetDraft() }
        if name == "TileMatrix", isInSet { draft.beginMatrix() }
        path.append(name)
        text = ""
    }

    private var isInSet: Bool { path.suffix(2) == ["Contents", "TileMatrixSet"] }

    mutating func end(_: XMLName) {
        let name = path.removeLast()
        let value = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        text = ""
        if name == "TileMatrixSet", path.last == "Contents" { return endSet() }
        if isInSet {
            if name == "Identifier" { draft.name = value }
            if name == "SupportedCRS" { draft.system = value }
        }
        if path.last == "TileMatrix", path.dropLast().suffix(2) == ["Contents", "TileMatrixSet"] {
            draft.note(name, value)
        }
    }

    private mutating func endSet() {
        count += 1
        guard count <= Self.setsMax else {
            if count == Self.setsMax + 1 {
                refuse("is one of more than \(Self.setsMax)")
            }
            return
        }
        switch draft.gridSet(known) {
        case .success(let set): found.sets.append(set)
        case .failure(let problem): refuse(problem.text)
        }
    }

    /// What is kept of the name is for people, and bounded like names of sets that are taken.
    private mutating func refuse(_ problem: String) {
        let name = String(decoding: draft.name.utf8.prefix(Self.nameBytes), as: UTF8.self)
        found.refused.append(PoolGridSets.Refusal(name: name, problem: problem))
    }
}
