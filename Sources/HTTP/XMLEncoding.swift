/// The encodings of XML that are read: UTF-8, which all readers know, and those that older clients
/// of map servers write.
public enum XMLEncoding: Sendable, Equatable {
    case utf8
    case utf16BigEndian, utf16LittleEndian
    /// ISO-8859-1: each byte is the character of that number.
    case latin1
    /// Bytes below 0x80 only.
    case ascii

    /// The family that a name of the IANA registry means; nil for one that is not read. UTF-16
    /// leaves the order of bytes open, and is `.utf16BigEndian` here.
    init?(named name: String) {
        switch name.lowercased() {
        case "utf-8", "utf8": self = .utf8
        case "utf-16", "utf-16be", "iso-10646-ucs-2": self = .utf16BigEndian
        case "utf-16le": self = .utf16LittleEndian
        case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1": self = .latin1
        case "us-ascii", "ascii": self = .ascii
        default: return nil
        }
    }

    var isUTF16: Bool { self == .utf16BigEndian || self == .utf16LittleEndian }

    /// What the first bytes show (XML 1.0 appendix F); nil when four are needed and not there.
    ///
    /// - Throws: for UTF-32 and EBCDIC, which nobody sends and some servers read.
    static func detected(
        _ start: [UInt8], isWhole: Bool
    ) throws(XMLError.Problem) -> (encoding: XMLEncoding, markLength: Int, isMarked: Bool)? {
        guard start.count >= 4 || isWhole else { return nil }
        let four = (0..<4).map { $0 < start.count ? start[$0] : 0x20 }
        switch (four[0], four[1], four[2], four[3]) {
        case (0xff, 0xfe, 0, 0), (0, 0, 0xfe, 0xff), (0, 0, 0, 0x3c), (0x3c, 0, 0, 0):
            throw .encodingUnknown("UTF-32")
        case (0x4c, 0x6f, 0xa7, 0x94): throw .encodingUnknown("EBCDIC")
        case (0xfe, 0xff, _, _): return (.utf16BigEndian, 2, true)
        case (0xff, 0xfe, _, _): return (.utf16LittleEndian, 2, true)
        case (0xef, 0xbb, 0xbf, _): return (.utf8, 3, true)
        case (0, 0x3c, 0, _): return (.utf16BigEndian, 0, false)
        case (0x3c, 0, _, 0): return (.utf16LittleEndian, 0, false)
        default: return (.utf8, 0, false)
        }
    }
}
