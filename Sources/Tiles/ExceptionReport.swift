import HTTP

/// What a service's exception report says of the error, read from the beginning of its document.
///
/// Source: OGC 01-068r3 annex A.3 and 06-042 annex E.2 (`code`, `locator`), OWS Common 05-008 and
/// 06-121r9 clause 8 (`exceptionCode`), GeoServer's `org.geoserver.wms.map` JSON exceptions.
public struct ExceptionReport: Equatable, Sendable {
    /// The specification's word, such as `LayerNotDefined`; nil: the service gave none.
    public var code: String?
    /// The parameter that is to blame.
    public var locator: String?

    public init(code: String?, locator: String?) {
        self.code = code
        self.locator = locator
    }

    /// How many bytes of a document say it: more than the longest prologue that servers write.
    public static let prefixBytes = 2_048

    /// Reads as far as the bytes go; a document that breaks off, or is none, has no code.
    public init(_ prefix: RawSpan) {
        var at = 0
        while at < prefix.byteCount, prefix.byte(at) <= 0x20 { at += 1 }
        if at < prefix.byteCount, prefix.byte(at) == UInt8(ascii: "{") {
            code = Self.member("\"code\"", of: prefix)
            locator = Self.member("\"locator\"", of: prefix)
            if code == "noCode" { code = nil }
            if locator == "noLocator" { locator = nil }
        } else if let element = Self.element(prefix.extracting(at...)) {
            code = element["code"] ?? element["exceptionCode"]
            locator = element["locator"]
        }
    }

    /// Whose fault the error is, as far as its code tells.
    public enum Fault: Equatable, Sendable {
        /// The request's: every server would say the same.
        case request
        /// The layer's, or its style's: servers that have the same catalogue say the same.
        case layer
        /// Nothing is certain.
        case open
    }

    /// What the code says. Codes that servers use for everything say nothing.
    public var fault: Fault {
        switch code {
        case "LayerNotDefined", "StyleNotDefined": .layer
        case "InvalidParameterValue":
            switch locator?.lowercased() {
            case "layer", "layers", "style", "styles", "typename", "typenames": .layer
            default: .request
            }
        case "InvalidFormat", "InvalidSRS", "InvalidCRS", "InvalidPoint", "LayerNotQueryable",
            "MissingDimensionValue", "InvalidDimensionValue", "CurrentUpdateSequence",
            "InvalidUpdateSequence", "MissingParameterValue", "OperationNotSupported",
            "VersionNegotiationFailed", "OptionNotSupported", "TileOutOfRange",
            "PointIJOutOfRange", "InvalidBBOX", "InvalidBBox", "MissingBBox":
            .request
        default: .open
        }
    }

    private static func element(_ bytes: RawSpan) -> XMLElement? {
        var limits = XMLLimits.document
        limits.documentTypeBytes = prefixBytes
        var scanner = XMLScanner(limits: limits)
        var at = 0
        while true {
            guard let step = try? scanner.next(bytes.extracting(at...)) else { return nil }
            at += step.consumed
            switch step.event {
            case .needMore: return nil
            case .start(let element)
            where element.name.local == "ServiceException" || element.name.local == "Exception":
                return element
            default: break
            }
        }
    }

    /// The text behind a name in a JSON document that need not be whole; escapes are not undone.
    private static func member(_ name: StaticString, of bytes: RawSpan) -> String? {
        let count = name.utf8CodeUnitCount
        guard bytes.byteCount > count else { return nil }
        for start in 0...(bytes.byteCount - count)
        where bytes.spells(name, from: start, to: start + count) {
            var at = start + count
            while at < bytes.byteCount, bytes.byte(at) <= 0x20 || bytes.byte(at) == 0x3A { at += 1 }
            guard at < bytes.byteCount, bytes.byte(at) == UInt8(ascii: "\"") else { return nil }
            let from = at + 1
            at = from
            while at < bytes.byteCount, bytes.byte(at) != UInt8(ascii: "\"") { at += 1 }
            guard from <= at, at < bytes.byteCount else { return nil }
            return String(
                decoding: (from..<at).map { bytes.byte($0) }, as: UTF8.self)
        }
        return nil
    }
}

extension MapRequest {
    /// The layers that a request names, as one text; nil: none, or one that is too long to keep.
    ///
    /// - Parameter query: the query without its `?`.
    public static func layers(in query: RawSpan) -> String? {
        var walk = QueryWalk()
        while let parameter = walk.next(in: query) {
            switch MapParameter.named(parameter.name, in: query) {
            case .layers, .layer:
                var bytes: [UInt8] = []
                var at = parameter.value.start
                while at < parameter.value.end {
                    let (byte, width) = parameter.value.byte(at: at, in: query)
                    bytes.append(byte)
                    at += width
                }
                guard (1...256).contains(bytes.count) else { return nil }
                return String(decoding: bytes, as: UTF8.self)
            default: break
            }
        }
        return nil
    }
}
