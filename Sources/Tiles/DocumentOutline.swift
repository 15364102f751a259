import HTTP

/// Follows a document of a map service to its end as its bytes come: XML by its tags, JSON by its
/// brackets.
///
/// Understands less than `XMLScanner`, and so is stopped by less: documents of any length, in any
/// encoding that has ASCII as it is, with prefixes that nobody declares. Features of map servers
/// are all of these. Allocates nothing; linear in the bytes, which may be cut anywhere.
public struct DocumentOutline: Sendable {
    public enum Form: Sendable {
        /// There was nothing but white space yet.
        case none
        case xml, json
        /// Text, or bytes of another kind.
        case other
        /// XML or JSON, perhaps, of two bytes for a character.
        case wide
    }

    private enum State {
        case text, open
        case bang, dash, comment, section, declaration, instruction
        case startName, tag, slash, quoted, endTag
        case brackets, string, escape
    }

    public private(set) var form = Form.none
    /// The root element's local name.
    public private(set) var root: DocumentName?
    /// An exception report is the root, or stands inside of it.
    public private(set) var holdsException = false
    /// Nothing that could follow would make a document of it.
    public private(set) var isBroken = false

    private var state = State.text
    private var name = DocumentName()
    /// Elements or brackets that are open.
    private var depth = 0
    /// Of up to 64 brackets, the innermost in the lowest bit: whether it is a square one.
    private var squares: UInt64 = 0
    /// There were more, so that the kinds of those further out are forgotten.
    private var isDeep = false
    private var hasRoot = false
    /// Of a value in a tag.
    private var quote: UInt8 = 0
    /// Bytes in a row that may begin an end: `-` of a comment, `]` of a section, `?`.
    private var run = 0
    /// Square brackets that are open in a document type.
    private var subsets = 0
    /// Bytes of a byte order mark that have come.
    private var mark = 0

    public init() {}

    /// Whether what has come is all of a document.
    public var isWhole: Bool {
        guard hasRoot, depth == 0, !isBroken else { return false }
        return form == .xml && state == .text || form == .json && state == .brackets
    }

    /// Takes the bytes that follow the ones before.
    public mutating func take(_ bytes: RawSpan) {
        var at = 0
        while at < bytes.byteCount, !isBroken {
            let byte = bytes.byte(at)
            at += 1
            switch form {
            case .none: begin(byte)
            case .xml:
                take(markup: byte)
                if state == .text, depth > 0 { at = Self.skipText(bytes, from: at) }
            case .json: take(json: byte)
            case .other, .wide: return
            }
        }
    }

    private static func skipText(_ bytes: RawSpan, from start: Int) -> Int {
        var at = start
        while at < bytes.byteCount, bytes.byte(at) != UInt8(ascii: "<") { at += 1 }
        return at
    }

    private mutating func begin(_ byte: UInt8) {
        switch byte {
        case 0xFE where mark == 0, 0xFF where mark == 0: form = .wide
        case 0xEF where mark == 0, 0xBB where mark == 1, 0xBF where mark == 2: mark += 1
        case _ where Self.isBlank(byte): break
        case UInt8(ascii: "<"): (form, state) = (.xml, .open)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            (form, state) = (.json, .brackets)
            take(json: byte)
        default: form = .other
        }
    }

    // MARK: XML

    private mutating func take(markup byte: UInt8) {
        switch state {
        case .text:
            if byte == UInt8(ascii: "<") {
                state = .open
            } else if depth == 0, !Self.isBlank(byte) {
                isBroken = true
            }
        case .open: open(byte)
        case .bang, .dash, .comment, .section, .declaration, .instruction: take(aside: byte)
        default: take(tag: byte)
        }
    }

    private mutating func open(_ byte: UInt8) {
        run = 0
        switch byte {
        case UInt8(ascii: "!"): state = .bang
        case UInt8(ascii: "?"): (state, name) = (.instruction, DocumentName())
        case UInt8(ascii: "/"): state = .endTag
        default:
            // A second root is an exception, most likely, behind half an answer or a whole one.
            guard Self.beginsName(byte), !hasRoot || depth > 0 else { return isBroken = true }
            (state, name) = (.startName, DocumentName())
            name.append(byte)
        }
    }

    /// What is no element.
    private mutating func take(aside byte: UInt8) {
        switch state {
        case .bang:
            switch byte {
            case UInt8(ascii: "-"): state = .dash
            case UInt8(ascii: "[") where depth > 0: state = .section
            default:
                (state, subsets, quote) = (.declaration, 0, 0)
                isBroken = hasRoot
            }
        case .dash:
            state = .comment
            isBroken = byte != UInt8(ascii: "-")
        case .comment: end(byte, behind: UInt8(ascii: "-"))
        case .section: end(byte, behind: UInt8(ascii: "]"))
        case .declaration: take(declaration: byte)
        default:
            // A declaration in the midst of a document begins another one.
            if Self.isBlank(byte) || byte == UInt8(ascii: "?") {
                if name.spells("xml"), hasRoot { isBroken = true }
                name.close()
            } else {
                name.append(byte)
            }
            if byte == UInt8(ascii: ">"), run > 0 { state = .text }
            run = byte == UInt8(ascii: "?") ? 1 : 0
        }
    }

    private mutating func end(_ byte: UInt8, behind twice: UInt8) {
        if byte == UInt8(ascii: ">"), run >= 2 {
            state = .text
        } else {
            run = byte == twice ? run + 1 : 0
        }
    }

    private mutating func take(declaration byte: UInt8) {
        if quote != 0 {
            if byte == quote { quote = 0 }
            return
        }
        switch byte {
        case UInt8(ascii: "["): subsets += 1
        case UInt8(ascii: "]"): subsets -= 1
        // In a subset there may be comments, whose apostrophes are no quotes.
        case UInt8(ascii: "\""), UInt8(ascii: "'"): if subsets == 0 { quote = byte }
        case UInt8(ascii: ">"): if subsets <= 0 { state = .text }
        default: break
        }
    }

    private mutating func take(tag byte: UInt8) {
        if state == .quoted {
            if byte == quote { state = .tag }
            // Not allowed there: what is begun in the midst of a tag is another document.
            isBroken = byte == UInt8(ascii: "<")
            return
        }
        switch byte {
        case UInt8(ascii: "<"): isBroken = true
        case UInt8(ascii: ">"):
            if state == .startName { beginElement() }
            if state == .slash || state == .endTag { depth -= 1 }
            isBroken = depth < 0
            state = .text
        case _ where state == .endTag: break
        case _ where state == .slash: isBroken = true
        case UInt8(ascii: "/"):
            if state == .startName { beginElement() }
            state = .slash
        case UInt8(ascii: "\""), UInt8(ascii: "'"): (state, quote) = (.quoted, byte)
        case _ where state == .startName:
            if Self.isBlank(byte) {
                beginElement()
                state = .tag
            } else {
                name.append(byte)
            }
        default: break
        }
    }

    private mutating func beginElement() {
        depth += 1
        if !hasRoot { (hasRoot, root) = (true, name) }
        if name.spells("ServiceExceptionReport") || name.spells("ServiceException")
            || name.spells("ExceptionReport") || name.spells("WMTException")
        {
            holdsException = true
        }
    }

    private static func beginsName(_ byte: UInt8) -> Bool {
        0x61...0x7A ~= byte | 0x20 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
            || byte >= 0x80
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    // MARK: JSON

    private mutating func take(json byte: UInt8) {
        switch state {
        case .string:
            if byte == UInt8(ascii: "\\") { state = .escape }
            if byte == UInt8(ascii: "\"") { state = .brackets }
        case .escape: state = .string
        default: take(bracket: byte)
        }
    }

    private mutating func take(bracket byte: UInt8) {
        // What stands behind a whole value is an exception, most likely.
        if depth == 0, hasRoot { return isBroken = !Self.isBlank(byte) }
        switch byte {
        case UInt8(ascii: "\""): state = .string
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            if depth >= 64 { isDeep = true }
            squares = squares << 1 | (byte == UInt8(ascii: "[") ? 1 : 0)
            (depth, hasRoot) = (depth + 1, true)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            let isSquare = byte == UInt8(ascii: "]")
            isBroken = !isDeep && (squares & 1 == 1) != isSquare
            squares >>= 1
            depth -= 1
        default: break
        }
    }
}

/// An element's local name, as far as it matters which one it is.
public struct DocumentName: Sendable {
    private var bytes: [24 of UInt8] = .init(repeating: 0)
    private var count = 0
    private var isClosed = false

    init() {}

    mutating func append(_ byte: UInt8) {
        if isClosed { return }
        if byte == UInt8(ascii: ":") { return count = 0 }
        if count < 24 { bytes[count] = byte }
        count += 1
    }

    /// What follows is no part of it.
    mutating func close() { isClosed = true }

    /// Whether it is that name, in its case.
    public func spells(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount, count <= 24 else { return false }
        for index in 0..<count where bytes[index] != name.byte(index) { return false }
        return true
    }
}
