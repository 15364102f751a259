/// What a request asks of a map service, as far as storing and answering it depends on that.
///
/// Made by `classify(path:query:)` from the bytes of the request target; holds no reference to
/// them. Sixteen bytes, no references: free to copy.
public struct MapRequest: Equatable, Sendable {
    /// The protocol the request speaks.
    public enum Service: UInt8, Sendable {
        /// OGC Web Map Service, versions 1.0.0 to 1.3.0.
        case wms
        /// OGC Web Map Tile Service 1.0.0, in its KVP or REST form.
        case wmts
        /// OSGeo Tile Map Service 1.0.0: rows count from the south.
        case tms
        /// Google's x, y, zoom triple, as GeoWebCache and MapCache serve it.
        case gmaps
        /// Another OGC service; only its capabilities are told apart.
        case other
    }

    /// What is asked for.
    public enum Kind: UInt8, Sendable {
        /// One picture: GetMap, GetTile or a tile's own path. Laws 5 and 7 bind its answer.
        case map
        /// The description of a service: GetCapabilities, or a TMS resource above the tiles.
        case capabilities
    }

    public var service: Service
    public var kind: Kind
    /// The picture's format; `.unstated` for capabilities.
    public var format: MapFormat = .unstated
    /// Size of the picture in pixels, 1...4096: a number outside is moved to the nearer bound and
    /// one that is absent or unreadable is 256.
    public var width: UInt16 = 256
    public var height: UInt16 = 256
    /// TRANSPARENT=TRUE was asked for, which a blank tile has to respect.
    public var isTransparent = false
    /// BGCOLOR, the colour of all that shows nothing where the picture is not transparent; white
    /// where it is not named or cannot be read.
    public var background = RGBA.white
    /// How the viewer wants to hear of errors.
    public var exceptions = ExceptionForm.absent
    /// The query names EXCEPTIONS at least once, be it without a value, so that
    /// `rewriteExceptions` has something to take out.
    public var namesExceptions = false
    /// A parameter that decides the picture is named more than once.
    ///
    /// Servers differ in which one they take (MapServer the last, others the first or none), so
    /// that an answer to such a request must not be shared. The fields here follow the last.
    public var hasDuplicates = false

    public init(service: Service, kind: Kind) {
        self.service = service
        self.kind = kind
    }

    /// The largest width and height taken over from a request, in pixels.
    public static let maximumSide: UInt16 = 4096
}

/// The picture format that a map request names.
public enum MapFormat: UInt8, Sendable, CaseIterable {
    /// None is named: any image fits.
    case unstated
    case png
    /// PNG with a palette: GeoServer's `image/png8`, MapServer's `image/png; mode=8bit`.
    case png8
    case jpeg
    case gif
    case webp
    /// GeoServer's `image/vnd.jpeg-png` and `...png8`: whichever suits the picture.
    case jpegOrPNG
    /// An image of a type not in this list, such as TIFF or SVG.
    case otherImage
    /// No image at all, such as KML, PDF or a vector tile.
    case notImage

    /// nil for what stands for several.
    var toldApart: MapFormat? {
        switch self {
        case .unstated, .otherImage, .notImage: nil
        case .png, .png8, .jpeg, .gif, .webp, .jpegOrPNG: self
        }
    }

    /// Whether a picture of it is known by its first bytes.
    public var isToldApart: Bool { toldApart != nil }

    /// Whether a viewer that asked for this decodes the answer as an image.
    public var isImage: Bool { self != .notImage }
}

/// The value of EXCEPTIONS: how a viewer wants to hear of errors.
///
/// Source: OGC 01-068r3 §7.2.3.11 (WMS 1.1.1) and OGC 06-042 §7.3.3.11 (WMS 1.3.0); JSON is
/// GeoServer's addition.
public enum ExceptionForm: UInt8, Sendable, CaseIterable {
    /// Not named, or named without a value.
    case absent
    /// `application/vnd.ogc.se_xml`, `XML` or `text/xml`.
    case xml
    /// `application/json` or `JSON`.
    case json
    /// `application/vnd.ogc.se_inimage` or `INIMAGE`: the text drawn into a picture.
    case inImage
    /// `application/vnd.ogc.se_blank` or `BLANK`: an empty picture.
    case blank
    /// Anything else, such as GeoServer's PARTIALMAP or JSONP.
    case other
}
