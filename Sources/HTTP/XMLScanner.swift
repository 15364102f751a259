/// Reads an XML document (XML 1.0, Namespaces in XML 1.0) step by step, as its bytes arrive.
///
/// The caller passes bytes, drops `consumed` of them after each step, and asks again until a step
/// says `needMore`; then it passes the bytes that follow, or calls ``finish()``. Input may be cut
/// anywhere. Memory is bounded by the limits, time is linear in the bytes.
///
/// Less is understood than XML allows, so that no document costs more than its own length: no
/// document type, hence no entities but the five of XML itself, and nothing external; where the
/// limits let one stand, it is passed over unread. Comments and processing instructions are checked
/// and skipped; CDATA is text. UTF-8 only, with or without a byte order mark. A name may hold any
/// character beyond ASCII; XML forbids a few of them.
public struct XMLScanner: Sendable {
    enum State {
        case start, secondMarkByte, thirdMarkByte
        case content, markup, bang
        case comment, commentDash, commentEnd
        case target, targetEnd, instruction, instructionEnd
        case section
        case documentType
        case startName, beforeAttribute, attributeName, afterAttributeName, beforeValue
        case value(quote: UInt8)
        case afterValue, emptyEnd
        case endName, afterEndName
        case reference, valueReference(quote: UInt8)
    }

    let limits: XMLLimits
    var state = State.start
    /// The names of the elements that are open, the root first.
    var open: [XMLName] = []
    var hasRoot = false
    /// The markup word in progress: a name, a reference, what follows `<!` or `<?`.
    var word: [UInt8] = []
    /// Text that was decoded and not yet told.
    var text: [UInt8] = []
    /// The length of the run that `text` belongs to, so far.
    var runBytes = 0
    /// The start tag in progress.
    var element: XMLName?
    var attributes: [XMLAttribute] = []
    var attribute: XMLName?
    var value: [UInt8] = []
    /// `]` in a row, at most two of which matter.
    var brackets = 0
    /// The document type in progress; nil before one was met.
    var documentType: DocumentTypeSkip?
    /// Whether nothing but a byte order mark came before the markup in progress.
    var isAtStart = false
    /// Whether the instruction in progress is the XML declaration.
    var isDeclaration = false
    /// Where the byte in hand stands.
    private(set) var position = XMLPosition(line: 1, column: 1)
    /// Where the latest `<` stands.
    var markupPosition = XMLPosition(line: 1, column: 1)
    var textPosition = XMLPosition(line: 1, column: 1)
    /// The end that an empty element's start is followed by.
    private var emptyElement: XMLName?
    private var characters = UTF8Check()
    private var documentBytes = 0
    private var wasReturn = false
    private var failure: XMLError?

    /// Whether the bytes were made UTF-8 on the way here: what is declared was heeded there.
    let isTranscoded: Bool

    /// A scanner before the first byte of a document.
    ///
    /// - Parameter isTranscoded: the bytes were of the declared encoding and are UTF-8 now.
    public init(limits: XMLLimits, isTranscoded: Bool = false) {
        self.limits = limits
        self.isTranscoded = isTranscoded
    }

    /// The next thing that `input` holds.
    ///
    /// - Throws: what is wrong and where; then again at every later call.
    public mutating func next(_ input: RawSpan) throws(XMLError) -> XMLStep {
        if let failure { throw failure }
        do throws(XMLError) {
            return try scan(input)
        } catch {
            failure = error
            throw error
        }
    }

    /// Says that the document ends here, after a step said `needMore`.
    ///
    /// - Throws: if it is not whole.
    public func finish() throws(XMLError) {
        if let failure { throw failure }
        if !characters.isComplete { throw error(.notUTF8) }
        if let name = open.last { throw error(.elementUnclosed(name.qualified)) }
        switch state {
        case .start, .content: if !hasRoot { throw error(.rootMissing) }
        default: throw error(.markupUnfinished)
        }
    }

    /// What is wrong with the bytes that would follow.
    public func error(_ problem: XMLError.Problem) -> XMLError { XMLError(problem, at: position) }

    private mutating func scan(_ input: RawSpan) throws(XMLError) -> XMLStep {
        if let name = emptyElement {
            emptyElement = nil
            return XMLStep(consumed: 0, event: .end(name), position: markupPosition)
        }
        var at = 0
        while at < input.byteCount {
            at += try takePlainText(input, from: at)
            if isPieceWhole { return tellText(consumed: at) }
            guard at < input.byteCount else { break }
            let byte = input.byte(at)
            // A tag ends the run of text before it; comments and CDATA sections do not.
            if case .markup = state, !text.isEmpty, byte != UInt8(ascii: "!"),
                byte != UInt8(ascii: "?")
            {
                return tellText(consumed: at)
            }
            let event = try take(byte)
            at += 1
            if let event { return XMLStep(consumed: at, event: event, position: markupPosition) }
        }
        return XMLStep(consumed: at, event: .needMore, position: position)
    }

    private var isPieceWhole: Bool {
        text.count >= limits.pieceBytes && characters.isComplete && !text.isEmpty
    }

    private mutating func tellText(consumed: Int) -> XMLStep {
        // Every byte was checked on its way in.
        let piece = String(decoding: text, as: UTF8.self)
        text.removeAll(keepingCapacity: true)
        return XMLStep(consumed: consumed, event: .text(piece), position: textPosition)
    }

    /// One byte: its encoding, its place, the line end it is part of, and then what it means.
    private mutating func take(_ byte: UInt8) throws(XMLError) -> XMLStep.Event? {
        guard documentBytes < limits.documentBytes else {
            throw error(.documentTooLong(limit: limits.documentBytes))
        }
        documentBytes += 1
        if let problem = characters.take(byte) { throw error(problem) }
        // XML 1.0 §2.11: CR LF and CR alone are LF.
        let isSecondOfPair = byte == 0x0a && wasReturn
        wasReturn = byte == 0x0d
        if isSecondOfPair { return nil }
        // A byte order mark takes no column.
        let isMark = if case .thirdMarkByte = state { true } else { false }
        let event = try meaning(of: byte == 0x0d ? 0x0a : byte)
        if !isMark { advance(over: byte) }
        return event
    }

    private mutating func advance(over byte: UInt8) {
        if byte == 0x0a || byte == 0x0d {
            position.line += 1
            position.column = 1
        } else if characters.isComplete {
            position.column += 1
        }
    }

    /// Takes what is text and nothing else, in one go.
    private mutating func takePlainText(
        _ input: RawSpan, from start: Int
    ) throws(XMLError) -> Int {
        guard case .content = state, !open.isEmpty, characters.isComplete else { return 0 }
        let room = min(
            limits.documentBytes - documentBytes, limits.textBytes - runBytes,
            limits.pieceBytes - text.count)
        let end = start + min(input.byteCount - start, max(room, 0))
        var at = start
        while at < end, isPlain(input.byte(at)) {
            text.append(input.byte(at))
            at += 1
        }
        guard at > start else { return 0 }
        if text.count == at - start { textPosition = position }
        documentBytes += at - start
        runBytes += at - start
        position.column += at - start
        brackets = 0
        wasReturn = false
        return at - start
    }

    // `>` is in question only behind `]`, which is not plain either.
    private func isPlain(_ byte: UInt8) -> Bool {
        byte &- 0x20 < 0x5f && byte != UInt8(ascii: "<") && byte != UInt8(ascii: "&")
            && byte != UInt8(ascii: "]") && byte != UInt8(ascii: ">")
    }

    /// Adds a byte to the text.
    mutating func appendText(_ byte: UInt8) throws(XMLError) {
        guard runBytes < limits.textBytes else {
            throw error(.textTooLong(limit: limits.textBytes))
        }
        if text.isEmpty { textPosition = position }
        text.append(byte)
        runBytes += 1
    }

    /// The start tag is complete.
    mutating func begin(isEmpty: Bool) throws(XMLError) -> XMLStep.Event? {
        guard let name = element else { return nil }
        guard open.count < limits.depth else {
            throw XMLError(.tooDeep(limit: limits.depth), at: markupPosition)
        }
        let start = XMLElement(name: name, attributes: attributes)
        attributes = []
        element = nil
        hasRoot = true
        runBytes = 0
        brackets = 0
        state = .content
        if isEmpty { emptyElement = name } else { open.append(name) }
        return .start(start)
    }

    /// The end tag is complete.
    mutating func end() throws(XMLError) -> XMLStep.Event? {
        guard let name = open.popLast() else { return nil }
        let found = String(decoding: word, as: UTF8.self)
        guard found == name.qualified else {
            throw XMLError(
                .endTagMismatched(expected: name.qualified, found: found), at: markupPosition)
        }
        runBytes = 0
        brackets = 0
        state = .content
        return .end(name)
    }
}
