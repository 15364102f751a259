// What stands between tags: text, references, comments, processing instructions, CDATA sections.
extension XMLScanner {
    mutating func meaning(of byte: UInt8) throws(XMLError) -> XMLStep.Event? {
        switch state {
        case .start, .secondMarkByte, .thirdMarkByte: try takeMark(byte)
        case .content: try takeContent(byte)
        case .markup: try takeMarkup(byte)
        case .bang: try takeBang(byte)
        case .comment, .commentDash, .commentEnd: try takeComment(byte)
        case .target, .targetEnd, .instruction, .instructionEnd: try takeInstruction(byte)
        case .section: try takeSection(byte)
        case .documentType: try takeDocumentType(byte)
        case .reference, .valueReference: try takeReference(byte)
        default: return try takeTag(byte)
        }
        return nil
    }

    /// A byte order mark, which is no character of the document.
    private mutating func takeMark(_ byte: UInt8) throws(XMLError) {
        switch (state, byte) {
        case (.start, 0xef): state = .secondMarkByte
        case (.secondMarkByte, 0xbb): state = .thirdMarkByte
        case (.thirdMarkByte, 0xbf):
            isAtStart = true
            state = .content
        case (.start, _):
            isAtStart = true
            state = .content
            try takeContent(byte)
        default: throw error(.textOutsideRoot)
        }
    }

    private mutating func takeContent(_ byte: UInt8) throws(XMLError) {
        if byte == UInt8(ascii: "<") {
            markupPosition = position
            brackets = 0
            state = .markup
            return
        }
        guard !open.isEmpty else {
            guard isSpace(byte) else { throw error(.textOutsideRoot) }
            isAtStart = false
            return
        }
        if byte == UInt8(ascii: "&") {
            brackets = 0
            word.removeAll(keepingCapacity: true)
            state = .reference
            return
        }
        if byte == UInt8(ascii: ">"), brackets >= 2 { throw error(.sectionEndInText) }
        brackets = byte == UInt8(ascii: "]") ? min(brackets + 1, 2) : 0
        try appendText(byte)
    }

    private mutating func takeMarkup(_ byte: UInt8) throws(XMLError) {
        word.removeAll(keepingCapacity: true)
        switch byte {
        case UInt8(ascii: "!"):
            isAtStart = false
            state = .bang
        case UInt8(ascii: "?"): state = .target
        case UInt8(ascii: "/"):
            guard !open.isEmpty else {
                throw XMLError(.endTagUnopened, at: markupPosition)
            }
            state = .endName
        case _ where isNameStart(byte):
            guard !open.isEmpty || !hasRoot else {
                throw XMLError(.secondRoot, at: markupPosition)
            }
            isAtStart = false
            word.append(byte)
            state = .startName
        default: throw error(.nameMissing)
        }
    }

    private mutating func takeBang(_ byte: UInt8) throws(XMLError) {
        word.append(byte)
        if begins(word, "--") {
            if word.count == 2 { state = .comment }
        } else if begins(word, "[CDATA[") {
            guard word.count == 7 else { return }
            guard !open.isEmpty else { throw XMLError(.textOutsideRoot, at: markupPosition) }
            brackets = 0
            state = .section
        } else if begins(word, "DOCTYPE") {
            if word.count == 7 { try beginDocumentType() }
        } else {
            throw XMLError(.markupUnknown, at: markupPosition)
        }
    }

    /// One document type may stand before the root, where the limits let it.
    private mutating func beginDocumentType() throws(XMLError) {
        guard limits.documentTypeBytes > 0, !hasRoot, documentType == nil else {
            throw XMLError(.documentTypeForbidden, at: markupPosition)
        }
        documentType = DocumentTypeSkip()
        state = .documentType
    }

    private mutating func takeDocumentType(_ byte: UInt8) throws(XMLError) {
        documentType?.take(byte)
        guard let documentType else { return }
        if documentType.isEnded {
            state = .content
        } else if documentType.count >= limits.documentTypeBytes {
            throw error(.documentTypeTooLong(limit: limits.documentTypeBytes))
        }
    }

    private func begins(_ start: [UInt8], _ whole: StaticString) -> Bool {
        guard start.count <= whole.utf8CodeUnitCount else { return false }
        for index in start.indices where start[index] != whole.byte(index) { return false }
        return true
    }

    private mutating func takeComment(_ byte: UInt8) throws(XMLError) {
        switch state {
        case .comment: if byte == UInt8(ascii: "-") { state = .commentDash }
        case .commentDash: state = byte == UInt8(ascii: "-") ? .commentEnd : .comment
        default:
            guard byte == UInt8(ascii: ">") else { throw error(.dashesInComment) }
            state = .content
        }
    }

    private mutating func takeSection(_ byte: UInt8) throws(XMLError) {
        if byte == UInt8(ascii: "]"), brackets < 2 {
            brackets += 1
        } else if byte == UInt8(ascii: "]") {
            try appendText(byte)
        } else if byte == UInt8(ascii: ">"), brackets == 2 {
            brackets = 0
            state = .content
        } else {
            for _ in 0..<brackets { try appendText(UInt8(ascii: "]")) }
            brackets = 0
            try appendText(byte)
        }
    }

    /// `&lt;`, `&#38;`, `&#x26;` and what is not among them.
    private mutating func takeReference(_ byte: UInt8) throws(XMLError) {
        guard byte == UInt8(ascii: ";") else {
            let isPart = isNameByte(byte) || byte == UInt8(ascii: "#") && word.isEmpty
            guard isPart, word.count < 32 else { throw error(.referenceMalformed) }
            word.append(byte)
            return
        }
        guard !word.isEmpty else { throw error(.referenceMalformed) }
        let bytes = try referenced()
        if case .valueReference(let quote) = state {
            for byte in bytes { try appendValue(byte) }
            state = .value(quote: quote)
        } else {
            for byte in bytes { try appendText(byte) }
            state = .content
        }
    }

    private func referenced() throws(XMLError) -> [UInt8] {
        guard word[0] == UInt8(ascii: "#") else {
            let name = String(decoding: word, as: UTF8.self)
            switch name {
            case "amp": return [UInt8(ascii: "&")]
            case "lt": return [UInt8(ascii: "<")]
            case "gt": return [UInt8(ascii: ">")]
            case "quot": return [UInt8(ascii: "\"")]
            case "apos": return [UInt8(ascii: "'")]
            default: throw error(.entityUnknown(name))
            }
        }
        let isHexadecimal = word.count > 1 && word[1] == UInt8(ascii: "x")
        let digits = word[(isHexadecimal ? 2 : 1)...]
        var number: UInt32 = 0
        for byte in digits {
            guard let digit = hexadecimalDigit(byte), isHexadecimal || digit < 10 else {
                throw error(.referenceMalformed)
            }
            number = number * (isHexadecimal ? 16 : 10) + UInt32(digit)
            guard number <= 0x10ffff else { throw error(.characterReferenceForbidden) }
        }
        guard !digits.isEmpty else { throw error(.referenceMalformed) }
        guard let scalar = Unicode.Scalar(number), isCharacter(number) else {
            throw error(.characterReferenceForbidden)
        }
        return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// XML 1.0 §2.2, surrogates apart.
    private func isCharacter(_ number: UInt32) -> Bool {
        number >= 0x20 && number != 0xfffe && number != 0xffff
            || number == 9 || number == 10 || number == 13
    }
}
