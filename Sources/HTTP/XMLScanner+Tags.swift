// Start and end tags, byte by byte.
extension XMLScanner {
    mutating func takeTag(_ byte: UInt8) throws(XMLError) -> XMLStep.Event? {
        switch state {
        case .startName:
            if isNameByte(byte) {
                try appendWord(byte)
                return nil
            }
            element = try name()
            return try endToken(byte)
        case .beforeAttribute where isNameStart(byte):
            try beginAttribute(byte)
            return nil
        case .afterValue where isNameByte(byte): throw error(.attributesNotSeparated)
        case .beforeAttribute, .afterValue: return try endToken(byte)
        case .emptyEnd:
            guard byte == UInt8(ascii: ">") else { throw error(.tagMalformed) }
            return try begin(isEmpty: true)
        case .endName, .afterEndName: return try takeEnd(byte)
        default:
            try takeAttribute(byte)
            return nil
        }
    }

    /// What may follow a name or a value in a start tag.
    private mutating func endToken(_ byte: UInt8) throws(XMLError) -> XMLStep.Event? {
        switch byte {
        case UInt8(ascii: ">"): return try begin(isEmpty: false)
        case UInt8(ascii: "/"): state = .emptyEnd
        case _ where isSpace(byte): state = .beforeAttribute
        default: throw error(.tagMalformed)
        }
        return nil
    }

    private mutating func takeEnd(_ byte: UInt8) throws(XMLError) -> XMLStep.Event? {
        if byte == UInt8(ascii: ">") {
            guard !word.isEmpty else { throw error(.nameMissing) }
            return try end()
        }
        if case .endName = state, word.isEmpty ? isNameStart(byte) : isNameByte(byte) {
            try appendWord(byte)
        } else if isSpace(byte), !word.isEmpty {
            state = .afterEndName
        } else {
            throw error(word.isEmpty ? .nameMissing : .tagMalformed)
        }
        return nil
    }

    private mutating func beginAttribute(_ byte: UInt8) throws(XMLError) {
        guard attributes.count < limits.attributeCount else {
            throw error(.tooManyAttributes(limit: limits.attributeCount))
        }
        word.removeAll(keepingCapacity: true)
        word.append(byte)
        state = .attributeName
    }

    private mutating func takeAttribute(_ byte: UInt8) throws(XMLError) {
        switch state {
        case .attributeName where isNameByte(byte): try appendWord(byte)
        case .attributeName, .afterAttributeName:
            if byte == UInt8(ascii: "=") {
                try endAttributeName()
                state = .beforeValue
            } else if isSpace(byte) {
                state = .afterAttributeName
            } else {
                throw error(.attributeValueMissing)
            }
        case .beforeValue:
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                value.removeAll(keepingCapacity: true)
                state = .value(quote: byte)
            } else if !isSpace(byte) {
                throw error(.attributeValueMissing)
            }
        case .value(let quote): try takeValue(byte, quote)
        default: break
        }
    }

    private mutating func endAttributeName() throws(XMLError) {
        let name = try name()
        guard !attributes.contains(where: { $0.name.qualified == name.qualified }) else {
            throw error(.attributeRepeated(name.qualified))
        }
        attribute = name
    }

    private mutating func takeValue(_ byte: UInt8, _ quote: UInt8) throws(XMLError) {
        switch byte {
        case quote:
            guard let attribute else { return }
            let text = String(decoding: value, as: UTF8.self)
            attributes.append(XMLAttribute(name: attribute, value: text))
            state = .afterValue
        case UInt8(ascii: "<"): throw error(.lessThanInValue)
        case UInt8(ascii: "&"):
            word.removeAll(keepingCapacity: true)
            state = .valueReference(quote: quote)
        default: try appendValue(isSpace(byte) ? 0x20 : byte)
        }
    }

    mutating func appendValue(_ byte: UInt8) throws(XMLError) {
        guard value.count < limits.attributeBytes else {
            throw error(.attributeTooLong(limit: limits.attributeBytes))
        }
        value.append(byte)
    }

    mutating func appendWord(_ byte: UInt8) throws(XMLError) {
        guard word.count < limits.nameBytes else {
            throw error(.nameTooLong(limit: limits.nameBytes))
        }
        word.append(byte)
    }

    /// The word in progress as a name: at most one colon, with something on each side.
    private func name() throws(XMLError) -> XMLName {
        let qualified = String(decoding: word, as: UTF8.self)
        guard let colon = word.firstIndex(of: UInt8(ascii: ":")) else {
            return XMLName(qualified, prefix: nil, local: qualified)
        }
        let local = word[(colon + 1)...]
        guard colon > 0, let first = local.first, isNameStart(first),
            !local.contains(UInt8(ascii: ":"))
        else { throw error(.nameMalformed(qualified)) }
        return XMLName(
            qualified, prefix: String(decoding: word[..<colon], as: UTF8.self),
            local: String(decoding: local, as: UTF8.self))
    }
}

/// XML 1.0 §2.3 NameStartChar; every byte beyond ASCII passes.
func isNameStart(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
        || byte >= 0x80
}

/// XML 1.0 §2.3 NameChar; every byte beyond ASCII passes.
func isNameByte(_ byte: UInt8) -> Bool {
    isNameStart(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
}

/// XML 1.0 §2.3 S.
func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
}
