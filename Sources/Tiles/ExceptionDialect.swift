/// The service and version whose exception documents a client of OGC services understands.
public enum ExceptionDialect: UInt8, Sendable, CaseIterable {
    /// WMS up to 1.1.1: `ServiceExceptionReport` without a namespace.
    case wms10, wms11
    /// WMS 1.3.0: `ServiceExceptionReport` of the namespace `http://www.opengis.net/ogc`.
    case wms13
    /// WFS 1.0.0 and WCS 1.0.0: `ServiceExceptionReport` 1.2.0.
    case wfs10, wcs10
    /// WFS 1.1.0 and CSW 2.0.2: `ExceptionReport` of OWS Common 1.0.
    case wfs11, csw20
    /// WFS 2.0, WMTS 1.0.0, WPS 1.0.0 and WCS 1.1: `ExceptionReport` of OWS Common 1.1.
    case wfs20, wmts10, wps10, wcs11
    /// WCS 2.0: `ExceptionReport` of OWS Common 2.0.
    case wcs20
    /// Tile Map Service 1.0.0: `TileMapServerError`.
    case tms

    /// The document's media type, as the dialect's specification or, where that is silent, real
    /// servers have it.
    public var contentType: StaticString {
        switch self {
        case .wms10, .wms11, .wcs10: "application/vnd.ogc.se_xml"
        case .wfs20, .wcs20, .wcs11: "application/xml"
        case .wms13, .wfs10, .wfs11, .csw20, .wmts10, .wps10, .tms: "text/xml"
        }
    }

    /// What the document's root says of the version: the report's, not the service's.
    var version: StaticString {
        switch self {
        case .wms10: "1.0.0"
        case .wms11: "1.1.1"
        case .wms13: "1.3.0"
        case .wfs10, .wcs10, .csw20: "1.2.0"
        case .wfs11: "1.1.0"
        case .wfs20, .wcs20: "2.0.0"
        case .wmts10, .wps10, .tms: "1.0.0"
        case .wcs11: "1.1.0"
        }
    }

    /// The namespace of OWS Common that the dialect takes its report from; nil: an older report.
    var owsNamespace: StaticString? {
        switch self {
        case .wfs11, .csw20: "http://www.opengis.net/ows"
        case .wfs20, .wmts10, .wps10, .wcs11: "http://www.opengis.net/ows/1.1"
        case .wcs20: "http://www.opengis.net/ows/2.0"
        case .wms10, .wms11, .wms13, .wfs10, .wcs10, .tms: nil
        }
    }
}

/// How an error has to be told to whoever sent a request.
public enum ExceptionAnswer: Equatable, Sendable {
    /// A picture in place of the map: the request's size and format.
    case picture(MapRequest)
    /// An exception document.
    case document(ExceptionDialect)
    /// GeoServer's JSON document, whose `version` is the dialect's.
    case json(ExceptionDialect)

    /// Chooses from a request's path and query; nil if it is no request to an OGC or tile service.
    ///
    /// A map or a legend gets a picture unless EXCEPTIONS asks for a document, as laws 5 and 7
    /// have it: what shows pictures shows one, whatever the status, and nothing else. Other
    /// requests get a document in the highest version not above the asked one, and the newest where
    /// none is asked. Source: OGC 06-042 §6.2.4 for that.
    ///
    /// - Parameters:
    ///   - path: the target's path as sent.
    ///   - query: the query without its `?`.
    public static func choose(path: RawSpan, query: RawSpan) -> ExceptionAnswer? {
        let names = ExceptionNames(query)
        let request = MapRequest.classify(path: path, query: query)
        guard let dialect = names.dialect(query, request) ?? names.dialect(ofPath: path, query)
        else {
            return nil
        }
        let picture = request == nil ? MapRequest.legend(query: query) : request
        if let picture, picture.isPicture {
            switch picture.exceptions {
            case .absent, .inImage, .blank: return .picture(picture)
            case .json: return .json(dialect)
            case .xml, .other: return .document(dialect)
            }
        }
        return names.exceptions == .json ? .json(dialect) : .document(dialect)
    }
}
