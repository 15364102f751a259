import HTTP

// What the picture looks like, and everything else that may decide it.
extension MapReading {
    /// Writes FORMAT, TRANSPARENT and BGCOLOR.
    func writePicture(path: RawSpan, query: RawSpan, to writer: inout KeyWriter) {
        if isPNGByDefault {
            writer.word("&FORMAT=image/png")
        } else if !format.isEmpty {
            writer.word("&FORMAT=")
            writeFormat(format, in: format.isInPath ? path : query, to: &writer)
        }
        writer.word("&TRANSPARENT=")
        let asked = table[.transparent]
        if map.isTransparent {
            writer.word("TRUE")
            // Nothing of a background is seen, where the format can be clear.
            switch map.format {
            case .png, .png8, .gif, .webp: return
            default: return writeBackground(query: query, to: &writer)
            }
        }
        // Other values mean what the server makes of them.
        let isSaid =
            map.format == .jpeg || service.service.isCached || asked.isEmpty
            || asked.spells("false", in: query)
        if isSaid { writer.word("FALSE") } else { writer.text(asked, in: query) }
        writeBackground(query: query, to: &writer)
    }

    /// A media type in small letters; bare names, as WMS 1.0.0 and TMS have them, in full.
    private func writeFormat(_ text: QueryText, in bytes: RawSpan, to writer: inout KeyWriter) {
        var rest = text
        let isImage: Bool
        if let subtype = text.prefix("image/", in: bytes) {
            rest.start = subtype
            isImage = true
        } else {
            isImage =
                text.spells("png", in: bytes) || text.spells("png8", in: bytes)
                || text.spells("jpeg", in: bytes) || text.spells("jpg", in: bytes)
                || text.spells("gif", in: bytes) || text.spells("webp", in: bytes)
        }
        if isImage { writer.word("image/") }
        if isImage, rest.spells("jpg", in: bytes) {
            writer.word("jpeg")
        } else {
            writer.text(rest, in: bytes, isUpper: false)
        }
    }

    /// `0xRRGGBB`; white, which is GeoServer's default, is left out where GeoServer is asked.
    /// Others have a default of their own, as MapServer has its IMAGECOLOR.
    private func writeBackground(query: RawSpan, to writer: inout KeyWriter) {
        let text = table[.bgcolor]
        guard understood & MapParameter.bgcolor.bit != 0, !text.isEmpty else { return }
        let digits = text.colorDigits(in: query)
        if service.service != .unknown, digits?.spells("ffffff", in: query) == true { return }
        writer.name("BGCOLOR")
        guard let digits else { return writer.text(text, in: query) }
        writer.word("0x")
        writer.text(digits, in: query, isUpper: true)
    }

    /// Writes all parameters that have not been understood otherwise.
    ///
    /// - Returns: whether the picture moves with the clock.
    func writeRest(query: RawSpan, to writer: inout KeyWriter) -> Bool {
        var movesWithClock = false
        var rest = table.seen & ~understood
        while rest != 0 {
            let bit = UInt8(truncatingIfNeeded: rest.trailingZeroBitCount)
            rest &= rest - 1
            guard let parameter = MapParameter(rawValue: bit) else { continue }
            if write(parameter, query: query, to: &writer) { movesWithClock = true }
        }
        for index in 0..<table.othersCount {
            let other = table.other(index)
            writer.separator()
            writer.text(other.name, in: query, isUpper: true)
            writer.byte(UInt8(ascii: "="))
            writer.text(other.value, in: query)
        }
        return movesWithClock
    }

    /// Whether a parameter may draw a part of a larger map otherwise than that part by itself: a
    /// rotation about its middle, a decoration, a number of features, or what nobody knows here.
    var dependsOnFrame: Bool {
        table.othersCount > 0 || table.seen & ~(understood | Self.harmless) != 0
    }

    /// These choose features, or colours, whatever the frame.
    private static let harmless =
        MapParameter.time.bit | MapParameter.elevation.bit | MapParameter.cqlFilter.bit
        | MapParameter.filter.bit | MapParameter.featureID.bit | MapParameter.viewParams.bit
        | MapParameter.palette.bit | MapParameter.map.bit

    private func write(
        _ parameter: MapParameter, query: RawSpan, to writer: inout KeyWriter
    ) -> Bool {
        let value = table[parameter]
        switch parameter {
        case .time:
            // Empty is the default, as if it was not there (OGC 06-042 C.3.2).
            guard !value.isEmpty else { return false }
            writer.name("TIME")
            return DimensionList.write(value, .time, in: query, to: &writer)
        case .elevation:
            guard !value.isEmpty else { return false }
            writer.name("ELEVATION")
            return DimensionList.write(value, .number, in: query, to: &writer)
        case .angle:
            guard !value.isEmpty else { return false }
            let number = WrittenDecimal(value, in: query)
            if let number, number.digits == 0 { return false }
            writer.name("ANGLE")
            if let number { writer.decimal(number) } else { writer.text(value, in: query) }
        case .cqlFilter, .filter, .featureID, .env, .viewParams, .formatOptions, .palette, .sld,
            .sldBody:
            if !value.isEmpty { writeRaw(parameter, query: query, to: &writer) }
        default:
            writeRaw(parameter, query: query, to: &writer)
        }
        return false
    }
}
