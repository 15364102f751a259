import HTTP

/// An error of an OGC service, as a document that its client reads.
///
/// Source: OGC 01-068r3 annex A.3 (WMS 1.1.1), OGC 06-042 annex E.2 (WMS 1.3.0), OGC 02-058 §7.7
/// (WFS 1.0.0), OGC 05-008 and 06-121r9 clause 8 (OWS Common 1.0, 1.1, 2.0), OSGeo Tile Map Service
/// 1.0.0. A document type is never written: readers would fetch it.
public struct ServiceException: Sendable, Equatable {
    /// The specification's word for the error, such as `LayerNotDefined`; nil: none fits, which
    /// OWS calls `NoApplicableCode` and the older reports leave out.
    public var code: String?
    /// The parameter that is to blame; nil if none is.
    public var locator: String?
    /// What happened, for people.
    public var text: String

    public init(code: String? = nil, locator: String? = nil, text: String) {
        self.code = code
        self.locator = locator
        self.text = text
    }

    /// `LayerNotDefined: Could not find layer x`.
    public var words: String { (code.map { "\($0): " } ?? "") + text }

    /// The words as the value of a response field: printable ASCII, other characters as `?`, and at
    /// most ``lineBytesMax``.
    public var line: [UInt8] {
        words.unicodeScalars.prefix(Self.lineBytesMax).map {
            (0x20..<0x7F).contains($0.value) ? UInt8($0.value) : UInt8(ascii: "?")
        }
    }

    public static let lineBytesMax = 256

    /// The exception as the dialect's XML document, in UTF-8.
    public func document(_ dialect: ExceptionDialect) -> [UInt8] {
        var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        if let namespace = dialect.owsNamespace {
            xml += "<ows:ExceptionReport xmlns:ows=\"\(namespace)\""
            xml += " version=\"\(dialect.version)\">\n"
            xml += "  <ows:Exception exceptionCode=\"\(escapedXML(code ?? "NoApplicableCode"))\""
            if let locator { xml += " locator=\"\(escapedXML(locator))\"" }
            xml += ">\n    <ows:ExceptionText>\(escapedXML(text))</ows:ExceptionText>\n"
            xml += "  </ows:Exception>\n</ows:ExceptionReport>\n"
        } else if dialect == .tms {
            xml += "<TileMapServerError>\n  <Message>\(escapedXML(text))</Message>\n"
            xml += "</TileMapServerError>\n"
        } else {
            xml += "<ServiceExceptionReport version=\"\(dialect.version)\""
            if dialect != .wms10 && dialect != .wms11 {
                xml += " xmlns=\"http://www.opengis.net/ogc\""
            }
            xml += ">\n  <ServiceException"
            if let code { xml += " code=\"\(escapedXML(code))\"" }
            // WMS 1.1.1 and older know no locator.
            if let locator, dialect != .wms10, dialect != .wms11 {
                xml += " locator=\"\(escapedXML(locator))\""
            }
            xml += ">\(escapedXML(text))</ServiceException>\n</ServiceExceptionReport>\n"
        }
        return Array(xml.utf8)
    }

    /// The exception as GeoServer's JSON document, in UTF-8; its type is `application/json`.
    public func json(_ dialect: ExceptionDialect) -> [UInt8] {
        let code = JSONString.quoted(code ?? "noCode")
        let locator = JSONString.quoted(locator ?? "noLocator")
        let json =
            "{\"version\":\"\(dialect.version)\",\"exceptions\":[{\"code\":\(code),"
            + "\"locator\":\(locator),\"text\":\(JSONString.quoted(text))}]}\n"
        return Array(json.utf8)
    }
}

/// Text for an element or attribute: what XML 1.0 §2.2 forbids becomes U+FFFD, and line ends
/// become references, which attributes would else turn into spaces.
func escapedXML(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&apos;"
        case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
        case _ where scalar.value < 0x20 || scalar.value & 0xFFFE == 0xFFFE:
            escaped.unicodeScalars.append("\u{FFFD}")
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
