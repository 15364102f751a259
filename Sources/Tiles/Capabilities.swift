public import HTTP

/// What a service's capabilities document says, as far as members of a pool are compared by it.
public struct Capabilities: Equatable, Sendable {
    /// The root element's local name, such as `WMS_Capabilities`.
    public var root: String
    /// The root's `version` and `updateSequence`; nil where it has none. The latter is a hint
    /// only: each member counts for itself.
    public var version: String?
    public var updateSequence: String?
    /// The names that requests ask for layers, feature types or coverages by.
    public var layers: Set<String>
    /// Equal for documents that say the same of the same layers. What may differ between members
    /// in step is left out: `updateSequence`, moments at which something was written, scheme and
    /// host of addresses, white space, comments, the order of attributes, and of layers among
    /// each other. 64 bits of FNV-1a: made to notice drift, not to withstand an attacker.
    public var fingerprint: UInt64
}

/// Why bytes are not the capabilities of a service.
public enum CapabilitiesError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not XML to its end; a document that breaks off is one of these.
    case malformed(XMLError)
    /// It is XML with another root element, which is given.
    case notCapabilities(root: String)
    /// It is an exception report, or one begins inside of it: the service failed while it wrote.
    case exception
    /// It lists more layers than are counted.
    case tooManyLayers(limit: Int)

    public var description: String {
        switch self {
        case .malformed(let error): "the capabilities are not complete: \(error)"
        case .notCapabilities(let root):
            "the root element is \"\(root)\", and none of a service's capabilities"
        case .exception: "the capabilities are, or hold, a service exception"
        case .tooManyLayers(let limit): "the capabilities list more than \(limit) layers"
        }
    }
}

/// Reads capabilities piece by piece, as they arrive: WMS 1.1 and 1.3, WMTS, WFS, WCS, CSW, WPS and
/// Tile Map Service.
///
/// Memory is bounded by the scanner's limits and the layers' names; nothing else is kept. A
/// document type, as WMS 1.1.1 has one, is passed over.
///
/// ```
/// var reader = CapabilitiesReader()
/// try reader.take(piece)    // for each piece
/// let capabilities = try reader.finish()
/// ```
public struct CapabilitiesReader: CapabilitiesScan, Sendable {
    /// Most layers that are counted, and the longest name.
    public static let layersMax = 100_000

    var transcoder = XMLTranscoder(charset: nil)
    var scanner: XMLScanner
    private var print = CapabilitiesFingerprint()
    private var layers: Set<String> = []
    private var root: XMLElement?
    /// The local names of the open elements.
    private var path: [String] = []
    var text = ""

    /// A reader before the first byte.
    ///
    /// - Parameter documentBytes: the longest document that is read.
    public init(documentBytes: Int = 64 << 20) {
        var limits = XMLLimits.capabilities
        limits.documentBytes = documentBytes
        scanner = XMLScanner(limits: limits, isTranscoded: true)
    }

    /// Reads whole capabilities.
    public static func read(_ document: RawSpan) throws(CapabilitiesError) -> Capabilities {
        var reader = CapabilitiesReader()
        try reader.take(document)
        return try reader.finish()
    }

    /// Takes the bytes that follow the ones before.
    ///
    /// - Throws: as soon as it is certain that this is no complete document of a service; the
    ///   reader must not be used any more then.
    public mutating func take(_ bytes: RawSpan) throws(CapabilitiesError) { try scan(bytes) }

    /// Says that the document ends here.
    public mutating func finish() throws(CapabilitiesError) -> Capabilities {
        try endScan()
        guard let root else { throw .notCapabilities(root: "") }
        return Capabilities(
            root: root.name.local, version: root["version"],
            updateSequence: root["updateSequence"], layers: layers, fingerprint: print.value)
    }

    mutating func begin(_ element: XMLElement) throws(CapabilitiesError) {
        let name = element.name.local
        if Self.exceptions.contains(name) { throw .exception }
        if root == nil {
            guard Self.roots.contains(name) else { throw .notCapabilities(root: name) }
            root = element
        }
        print.text(text, in: path.last)
        text = ""
        path.append(name)
        print.begin(element)
        // TMS names its layers by address only.
        if name == "TileMap", let address = element["href"] { try addLayer(address) }
    }

    mutating func end(_ name: XMLName) throws(CapabilitiesError) {
        path.removeLast()
        if let parent = path.last, Self.layerElements.contains(parent),
            Self.nameElements.contains(name.local), !(isMapService && name.local == "Identifier")
        {
            try addLayer(text)
        }
        print.text(text, in: name.local)
        text = ""
        print.end(isUnordered: Self.unordered.contains(name.local))
    }

    /// WMS names layers by Name alone; their Identifiers are those of other catalogues.
    private var isMapService: Bool { root?.name.local.hasSuffix("MS_Capabilities") == true }

    private mutating func addLayer(_ text: String) throws(CapabilitiesError) {
        let name = text.split(whereSeparator: { $0.isWhitespace }).joined(separator: " ")
        guard !name.isEmpty else { return }
        guard layers.count < Self.layersMax else { throw .tooManyLayers(limit: Self.layersMax) }
        layers.insert(name)
    }

    private static let roots: Set<String> = [
        "WMT_MS_Capabilities", "WMS_Capabilities", "Capabilities", "WFS_Capabilities",
        "WCS_Capabilities", "TileMapService", "Services",
    ]
    static let exceptions: Set<String> = [
        "ServiceExceptionReport", "ServiceException", "ExceptionReport", "WMTException",
    ]
    private static let layerElements: Set<String> = [
        "Layer", "FeatureType", "CoverageSummary", "CoverageOfferingBrief", "TileMap",
    ]
    /// Elements whose order among their siblings says nothing. Of styles the first is the default.
    private static let unordered = layerElements.union([
        "SRS", "CRS", "Keyword", "TileMatrixSet", "TileMatrixSetLink",
    ])
    private static let nameElements: Set<String> = ["Name", "Identifier", "CoverageId", "name"]
}

extension XMLLimits {
    /// What suits capabilities of tens of thousands of layers.
    static var capabilities: XMLLimits {
        var limits = XMLLimits.stream
        limits.documentBytes = 64 << 20
        // An abstract or a list of moments in time is one run of text.
        limits.textBytes = 4 << 20
        limits.attributeBytes = 65_536
        limits.documentTypeBytes = 16_384
        return limits
    }
}
