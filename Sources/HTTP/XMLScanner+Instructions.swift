// Processing instructions, which are skipped, and the XML declaration, which looks like one.
extension XMLScanner {
    /// Longest XML declaration, in bytes behind its target.
    private static var declarationBytesMax: Int { 256 }

    mutating func takeInstruction(_ byte: UInt8) throws(XMLError) {
        switch state {
        case .target: try takeTarget(byte)
        case .targetEnd:
            guard byte == UInt8(ascii: ">") else { throw error(.markupUnknown) }
            try endInstruction()
        case .instruction:
            if byte == UInt8(ascii: "?") {
                state = .instructionEnd
            } else {
                try keep(byte)
            }
        default:
            if byte == UInt8(ascii: ">") {
                try endInstruction()
            } else if byte == UInt8(ascii: "?") {
                try keep(byte)
            } else {
                try keep(UInt8(ascii: "?"))
                try keep(byte)
                state = .instruction
            }
        }
    }

    private mutating func takeTarget(_ byte: UInt8) throws(XMLError) {
        if word.isEmpty ? isNameStart(byte) : isNameByte(byte) {
            try appendWord(byte)
            return
        }
        guard !word.isEmpty, isSpace(byte) || byte == UInt8(ascii: "?") else {
            throw error(.markupUnknown)
        }
        isDeclaration = equalsIgnoringCase(unsafe word.span.bytes, "xml")
        guard !isDeclaration || isAtStart && word[0] == UInt8(ascii: "x") else {
            throw XMLError(.declarationMisplaced, at: markupPosition)
        }
        isAtStart = false
        word.removeAll(keepingCapacity: true)
        state = byte == UInt8(ascii: "?") ? .targetEnd : .instruction
    }

    /// Only the declaration is looked at; of an instruction nothing is kept.
    private mutating func keep(_ byte: UInt8) throws(XMLError) {
        guard isDeclaration else { return }
        guard word.count < Self.declarationBytesMax else {
            throw XMLError(.declarationMalformed, at: markupPosition)
        }
        word.append(byte)
    }

    private mutating func endInstruction() throws(XMLError) {
        if isDeclaration { try checkDeclaration() }
        isDeclaration = false
        state = .content
    }

    /// `version="1.0" encoding="UTF-8" standalone="yes"`, the latter two optional (§2.8).
    private func checkDeclaration() throws(XMLError) {
        var rest = word[...]
        let version = field("version", &rest)
        let encoding = field("encoding", &rest)
        let standalone = field("standalone", &rest)
        let isSound =
            version.map(isVersion) == true && rest.allSatisfy(isSpace)
            && encoding.map(isEncodingName) != false
            && (standalone == nil || standalone == "yes" || standalone == "no")
        guard isSound else { throw XMLError(.declarationMalformed, at: markupPosition) }
        guard let encoding, !isTranscoded else { return }
        let bytes = Array(encoding.utf8)
        guard equalsIgnoringCase(unsafe bytes.span.bytes, "utf-8") else {
            throw XMLError(.encodingUnknown(encoding), at: markupPosition)
        }
    }

    /// §4.3.3 EncName, so that a message may quote it.
    private func isEncodingName(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 < 0x80 && isNameByte($0) && $0 != UInt8(ascii: ":") }
    }

    /// §2.8 VersionNum: later versions of 1 are read as if they were 1.0.
    private func isVersion(_ text: String) -> Bool {
        text.hasPrefix("1.") && text.utf8.count > 2 && text.utf8.dropFirst(2).allSatisfy(isDigit)
    }

    /// Takes ` name = "value"` off the front, if that is what stands there.
    private func field(_ name: String, _ rest: inout ArraySlice<UInt8>) -> String? {
        var text = rest.drop(while: isSpace)
        let isSeparated = text.startIndex > rest.startIndex || rest.startIndex == 0
        guard isSeparated, text.starts(with: name.utf8) else { return nil }
        text = text.dropFirst(name.utf8.count).drop(while: isSpace)
        guard text.popFirst() == UInt8(ascii: "=") else { return nil }
        text = text.drop(while: isSpace)
        let quotes = [UInt8(ascii: "\""), UInt8(ascii: "'")]
        guard let quote = text.popFirst(), quotes.contains(quote),
            let end = text.firstIndex(of: quote)
        else { return nil }
        rest = text[(end + 1)...]
        return String(decoding: text[..<end], as: UTF8.self)
    }
}
