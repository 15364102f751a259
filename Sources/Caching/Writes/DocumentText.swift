import HTTP

/// A document of GeoWebCache's REST interface that is no XML, as `ResourceValues` has one: JSON,
/// whose members are elements and whose lists are elements of one name in turn (Jettison's mapped
/// convention), and the fields of the seed page's form.
///
/// Read as strictly as it is written by the standards: of what only some server might understand
/// nothing is believed. Source: `org.geowebcache.rest.service.SeedService`, `FormService`.
struct DocumentText {
    /// Of a longer one nothing is believed. Real ones have some hundred bytes.
    static let byteLimit = 65_536
    /// As `ResourceValues` keeps of XML.
    private static let depthMax = 6

    private(set) var values: ResourceValues
    private var rest: Substring.UTF8View
    private var isSound = true

    /// nil: it is none, or nothing that is told apart.
    static func values(
        json bytes: [UInt8], atMost most: Int, keepsEmpty: Bool = false
    ) -> ResourceValues? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let empty = ResourceValues(atMost: most, keepsEmpty: keepsEmpty)
        var reader = DocumentText(values: empty, rest: text[...].utf8)
        reader.skip()
        reader.object([])
        reader.skip()
        return reader.isSound && reader.rest.isEmpty ? reader.values : nil
    }

    // MARK: JSON (RFC 8259)

    private mutating func skip() {
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private mutating func takes(_ byte: Character) -> Bool {
        skip()
        guard let ascii = byte.asciiValue, rest.first == ascii else { return false }
        rest.removeFirst()
        return true
    }

    /// Members up to the brace that closes them; a name that comes twice is one thing to this
    /// server and another to that.
    private mutating func object(_ path: [String]) {
        guard takes("{"), path.count < Self.depthMax else { return isSound = false }
        if takes("}") { return }
        var names: Set<String> = []
        repeat {
            guard let name = string(), names.insert(name).inserted, takes(":") else {
                return isSound = false
            }
            value(path + [name])
        } while isSound && takes(",")
        if !takes("}") { isSound = false }
    }

    private mutating func value(_ path: [String], isListed: Bool = false) {
        skip()
        switch rest.first {
        case UInt8(ascii: "{"): object(path)
        case UInt8(ascii: "\""): if let text = string() { values.add(text, at: path) }
        case UInt8(ascii: "["): if isListed { isSound = false } else { list(path) }
        default: word(path)
        }
    }

    private mutating func list(_ path: [String]) {
        guard takes("[") else { return isSound = false }
        if takes("]") { return }
        repeat { value(path, isListed: true) } while isSound && takes(",")
        if !takes("]") { isSound = false }
    }

    /// A number or a truth; what is null is nothing that a server was told.
    private mutating func word(_ path: [String]) {
        let end = rest.firstIndex { byte in
            !isDigit(byte) && !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte)
                && !"+-.E".utf8.contains(byte)
        }
        let text = String(Substring(rest[..<(end ?? rest.endIndex)]))
        rest = rest[(end ?? rest.endIndex)...]
        let isNumber = text.utf8.first.map { $0 == UInt8(ascii: "-") || isDigit($0) } ?? false
        guard isNumber && Double(text) != nil || text == "true" || text == "false" else {
            return isSound = false
        }
        values.add(text, at: path)
    }

    private mutating func string() -> String? {
        guard takes("\"") else {
            isSound = false
            return nil
        }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escaped() else { break }
                bytes += Array(String(scalar).utf8)
                continue
            case 0x20...:
                bytes.append(byte)
                continue
            default: break
            }
            break
        }
        isSound = false
        return nil
    }

    /// What follows a backslash; nil for what is none, and for halves of a pair, of which names of
    /// styles and times have none.
    private mutating func escaped() -> Unicode.Scalar? {
        guard let byte = rest.popFirst() else { return nil }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let digits = String(Substring(rest.prefix(4)))
            rest = rest.dropFirst(4)
            guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit) else { return nil }
            return UInt32(digits, radix: 16).flatMap { Unicode.Scalar($0) }
        default: return nil
        }
    }

    // MARK: forms

    /// The fields of a form by their names; nil: it is none, or one that servers read in different
    /// ways, as they take it apart before or after they decode it.
    static func fields(_ bytes: [UInt8]) -> [String: String]? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var fields: [String: String] = [:]
        for pair in text.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        {
            let halves = pair.split(
                separator: UInt8(ascii: "="), omittingEmptySubsequences: false
            ).map { half in unsafe decodedText([UInt8](half).span.bytes) }
            guard halves.count == 2, !halves[0].isEmpty,
                !halves.contains(where: { $0.contains { "&=\u{FFFD}".contains($0) } }),
                fields.updateValue(halves[1], forKey: halves[0]) == nil
            else { return nil }
        }
        return fields
    }
}
