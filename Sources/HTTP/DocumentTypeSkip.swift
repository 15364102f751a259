/// Finds the end of a document type declaration (XML 1.0 §2.8) without understanding it.
///
/// WMS 1.1.1 capabilities begin with one, and it names what a reader would have to fetch. So that
/// nothing depends on it, only what hides a `>` is followed: literals, comments, instructions and
/// the internal subset. Fed behind the word DOCTYPE.
struct DocumentTypeSkip: Sendable {
    private enum Place: Equatable {
        /// Outside the brackets, or within them.
        case outer, subset
        /// Behind `<`, `<!` or `<!-` of the subset.
        case open, bang, bangDash
        case declaration
        case instruction, instructionEnd
        case comment, commentDash, commentEnd
    }

    private var place = Place.outer
    /// The quote that ends the literal in progress.
    private var quote: UInt8?
    /// Bytes so far.
    private(set) var count = 0
    private(set) var isEnded = false

    mutating func take(_ byte: UInt8) {
        count += 1
        if let end = quote {
            if byte == end { quote = nil }
            return
        }
        let isQuote = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
        switch place {
        case .outer, .declaration:
            if isQuote { quote = byte } else { takeDelimiter(byte) }
        case .subset:
            if byte == UInt8(ascii: "<") { place = .open }
            if byte == UInt8(ascii: "]") { place = .outer }
        case .open:
            switch byte {
            case UInt8(ascii: "!"): place = .bang
            case UInt8(ascii: "?"): place = .instruction
            default: place = .declaration
            }
        case .bang: place = byte == UInt8(ascii: "-") ? .bangDash : .declaration
        case .bangDash: place = byte == UInt8(ascii: "-") ? .comment : .declaration
        case .instruction: if byte == UInt8(ascii: "?") { place = .instructionEnd }
        case .instructionEnd:
            if byte != UInt8(ascii: "?") {
                place = byte == UInt8(ascii: ">") ? .subset : .instruction
            }
        case .comment, .commentDash, .commentEnd: takeComment(byte)
        }
    }

    private mutating func takeDelimiter(_ byte: UInt8) {
        if byte == UInt8(ascii: ">") {
            if place == .outer { isEnded = true } else { place = .subset }
        } else if byte == UInt8(ascii: "["), place == .outer {
            place = .subset
        }
    }

    private mutating func takeComment(_ byte: UInt8) {
        switch place {
        case .comment: if byte == UInt8(ascii: "-") { place = .commentDash }
        case .commentDash: place = byte == UInt8(ascii: "-") ? .commentEnd : .comment
        default:
            if byte != UInt8(ascii: "-") {
                place = byte == UInt8(ascii: ">") ? .subset : .comment
            }
        }
    }
}
