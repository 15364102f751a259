extension MapFormat {
    /// The format of a media type, or of a bare name; nil for what is not told apart from others.
    public init?(named name: String) {
        let bytes = Array(name.utf8)
        let text = QueryText(start: 0, end: bytes.count, isPlain: true)
        guard let format = unsafe MapFormat(text, in: bytes.span.bytes).toldApart else {
            return nil
        }
        self = format
    }

    /// Reads a FORMAT parameter: a media type, or a bare name as gmaps and WMS 1.0.0 use.
    init(_ value: QueryText, in bytes: RawSpan) {
        guard value.start < value.end else {
            self = .unstated
            return
        }
        if let subtype = value.prefix("image/", in: bytes) {
            let rest = QueryText(start: subtype, end: value.end)
            self = MapFormat(subtype: rest, in: bytes) ?? .otherImage
        } else {
            self = MapFormat(subtype: value, in: bytes) ?? .notImage
        }
    }

    /// Reads the part behind `image/`, or a file extension; nil for an unknown one.
    init?(subtype text: QueryText, in bytes: RawSpan) {
        func names(_ word: StaticString) -> Bool {
            guard let rest = text.prefix(word, in: bytes) else { return false }
            return QueryText(start: rest, end: text.end).beginsParameters(in: bytes)
        }
        if names("png") {
            // MapServer names its palette form by a parameter: image/png; mode=8bit.
            self = text.contains("8bit", in: bytes) ? .png8 : .png
        } else if names("png8") {
            self = .png8
        } else if names("png24") || names("png32") || names("x-png") {
            self = .png
        } else if names("jpeg") || names("jpg") || names("pjpeg") {
            self = .jpeg
        } else if names("gif") {
            self = .gif
        } else if names("webp") {
            self = .webp
        } else if names("vnd.jpeg-png") || names("vnd.jpeg-png8") {
            self = .jpegOrPNG
        } else if names("tiff") || names("tif") || names("svg") || names("bmp") {
            self = .otherImage
        } else {
            return nil
        }
    }
}

extension ExceptionForm {
    /// Reads an EXCEPTIONS parameter in the spelling of any WMS version.
    init(_ value: QueryText, in bytes: RawSpan) {
        func means(_ long: StaticString, _ short: StaticString) -> Bool {
            value.spells(long, in: bytes) || value.spells(short, in: bytes)
        }
        if value.start >= value.end {
            self = .absent
        } else if means("application/vnd.ogc.se_xml", "xml") || means("text/xml", "wms_xml") {
            self = .xml
        } else if means("application/json", "json") {
            self = .json
        } else if means("application/vnd.ogc.se_inimage", "inimage") {
            self = .inImage
        } else if means("application/vnd.ogc.se_blank", "blank") {
            self = .blank
        } else {
            self = .other
        }
    }
}

extension QueryText {
    /// Whether a media type's name ends here: at the end, or before `;` and its parameters.
    fileprivate func beginsParameters(in bytes: RawSpan) -> Bool {
        guard start < end else { return true }
        let first = byte(at: start, in: bytes).value
        return first == UInt8(ascii: ";") || first == UInt8(ascii: " ")
    }

    func contains(_ word: StaticString, in bytes: RawSpan) -> Bool {
        var at = start
        while at < end {
            if QueryText(start: at, end: end).prefix(word, in: bytes) != nil { return true }
            at += byte(at: at, in: bytes).width
        }
        return false
    }
}
