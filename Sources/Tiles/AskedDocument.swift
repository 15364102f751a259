import HTTP

/// What document a request asks a map service for, as far as its answer can be judged by that.
public struct AskedDocument: Equatable, Sendable {
    public enum Kind: Sendable {
        case capabilities
        /// Of WFS or WCS.
        case features
        case featureInfo, legend
        /// Of another kind, or of no map service.
        case other
    }

    /// What kind of text was named as its format.
    public enum Form: Sendable {
        case unstated
        case xml, json, html
        /// Neither of these, but not HTML either: plain text, tables, archives.
        case data
        /// Nothing that is known here, such as the name of a template.
        case other
    }

    public var kind: Kind
    public var form: Form

    public init(_ kind: Kind, _ form: Form = .unstated) { (self.kind, self.form) = (kind, form) }

    /// - Parameters:
    ///   - path: as sent.
    ///   - query: without its `?`.
    public init(path: RawSpan, query: RawSpan) {
        switch MapSubject(path: path, query: query, .standard).kind {
        case .capabilities: kind = .capabilities
        case .features: kind = .features
        case .featureInfo: kind = .featureInfo
        case .legend: kind = .legend
        case .none, .picture, .other: kind = .other
        }
        form = .unstated
        let names = Self.names(kind)
        var walk = QueryWalk()
        while let parameter = walk.next(in: query) {
            guard !parameter.value.isEmpty,
                names.contains(where: { parameter.name.spells($0, in: query) })
            else { continue }
            form = Form(parameter.value, in: query)
        }
    }

    private static func names(_ kind: Kind) -> [StaticString] {
        switch kind {
        case .capabilities: ["format", "outputformat", "acceptformats"]
        case .features: ["outputformat", "format"]
        case .featureInfo: ["info_format", "infoformat"]
        case .legend: ["format"]
        case .other: []
        }
    }

    /// Capabilities are asked for in the form that their specifications have.
    public var isCapabilities: Bool {
        kind == .capabilities && (form == .unstated || form == .xml)
    }

    /// Whether HTML is no answer to it.
    var excludesHTML: Bool {
        switch form {
        case .xml, .json, .data: true
        // WFS has GML by default, and a legend is a picture. Of GetFeatureInfo servers differ.
        case .unstated: kind == .features || kind == .legend
        case .html, .other: false
        }
    }
}

extension AskedDocument.Form {
    /// Reads a media type, or one of the short names that GeoServer and MapServer have.
    fileprivate init(_ value: QueryText, in bytes: RawSpan) {
        func holds(_ words: StaticString...) -> Bool {
            words.contains { value.contains($0, in: bytes) }
        }
        if holds("html") {
            self = .html
        } else if holds("jsonp", "javascript") {
            self = .other
        } else if holds("json") {
            self = .json
        } else if holds("xml", "gml") {
            self = .xml
        } else {
            self = holds("plain", "csv", "zip", "excel", "tiff") ? .data : .other
        }
    }
}

/// Whether what a map service sends is the document that was asked for, judged as it comes.
///
/// Knows nothing of its length: that all of a body has come is for the framing to tell. Memory is
/// constant, time linear.
public struct DocumentReading: Sendable {
    private let asked: AskedDocument
    private let type: DocumentType
    private var outline = DocumentOutline()
    private var bytes = 0

    /// - Parameter type: the Content-Type; empty where there is none.
    public init(_ asked: AskedDocument, type: RawSpan) {
        self.asked = asked
        self.type = DocumentType(type)
    }

    /// Takes the bytes that follow the ones before, without any coding.
    public mutating func take(_ bytes: RawSpan) {
        self.bytes += bytes.byteCount
        outline.take(bytes)
    }

    /// - Parameter isComplete: the last byte was taken.
    public func verdict(isComplete: Bool) -> TileVerdict {
        if outline.form == .wide { return .fits }
        if asked.isCapabilities { return capabilities(isComplete) }
        if isComplete, bytes == 0 { return mayBeEmpty ? .fits : .empty }
        if asked.excludesHTML, type == .html || outline.root?.isHTML == true {
            return .wrongDocument
        }
        // A gateway's words in place of a picture.
        if outline.form == .other, type == .plain, asked.kind == .legend { return .wrongDocument }
        return isFollowed ? structure(isComplete) : .fits
    }

    private func capabilities(_ isComplete: Bool) -> TileVerdict {
        if outline.holdsException { return .exception }
        if outline.form == .json || outline.form == .other { return .wrongDocument }
        // A page typed as XML. Of other roots servers have many, one for each service and version.
        if outline.root?.isHTML == true { return .wrongDocument }
        return structure(isComplete)
    }

    private func structure(_ isComplete: Bool) -> TileVerdict {
        if outline.holdsException { return .exception }
        return outline.isBroken || isComplete && !outline.isWhole ? .incomplete : .fits
    }

    /// Whether the document's own form is believed: HTML is no XML, and plain text may look like
    /// it.
    private var isFollowed: Bool {
        switch outline.form {
        case .none: type == .xml || type == .json || asked.form == .xml || asked.form == .json
        case .xml: type == .xml || type != .html && asked.form == .xml
        case .json: type == .json || type != .html && asked.form == .json
        case .other, .wide: false
        }
    }

    /// Nothing found is said by no byte, in some of GetFeatureInfo's formats.
    private var mayBeEmpty: Bool {
        switch asked.kind {
        case .features, .legend, .capabilities: false
        case .other: true
        case .featureInfo:
            !(type == .xml || type == .json || asked.form == .xml || asked.form == .json)
        }
    }

    /// Whether what follows cannot change the verdict.
    public var isSettled: Bool {
        if verdict(isComplete: false) != .fits { return true }
        switch outline.form {
        case .none: return false
        case .other, .wide: return true
        case .xml, .json:
            return !asked.isCapabilities && !isFollowed
                && !(asked.excludesHTML && outline.root == nil && outline.form == .xml)
        }
    }
}

/// The Content-Types that tell documents apart.
private enum DocumentType {
    case xml, json, html, plain, other

    init(_ bytes: RawSpan) {
        let text = QueryText(start: 0, end: bytes.byteCount, isPlain: true)
        func holds(_ word: StaticString) -> Bool { text.contains(word, in: bytes) }
        if holds("html") {
            self = .html
        } else if holds("javascript") {
            self = .other
        } else if holds("json") {
            self = .json
        } else if holds("xml") || holds("gml") {
            self = .xml
        } else {
            self = text.prefix("text/plain", in: bytes) == nil ? .other : .plain
        }
    }
}

extension DocumentName {
    fileprivate var isHTML: Bool { spells("html") || spells("HTML") }
}
