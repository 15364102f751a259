// Single values: text, boolean, number, one of several words.
extension ConfigFields {
    /// The text; nil when there is none.
    mutating func text(_ key: String) -> String? {
        guard let found = member(key) else { return nil }
        guard case .scalar(let text) = found.content else {
            log.error(place(key), "a text was expected", "write one value in quotes")
            return nil
        }
        return text
    }

    /// The text, or "" when there is none or it is empty, which CloudFront takes for the same.
    mutating func optionalText(_ key: String, limit: Int = .max) -> String {
        let text = text(key) ?? ""
        if text.utf8.count > limit {
            log.error(
                place(key), "it has \(text.utf8.count) characters", "use at most \(limit)")
        }
        return text
    }

    /// The text; reports where it is missing or empty.
    mutating func requiredText(_ key: String) -> String {
        if let text = text(key), !text.isEmpty { return text }
        reportMissing(key)
        return ""
    }

    mutating func flag(_ key: String, else missing: Bool) -> Bool {
        switch text(key) {
        case nil: return missing
        case "true": return true
        case "false": return false
        case let other?:
            log.error(place(key), "\"\(other)\" is no boolean", "write true or false")
            return missing
        }
    }

    mutating func requiredFlag(_ key: String) -> Bool {
        if member(key) == nil { reportMissing(key) }
        return flag(key, else: false)
    }

    /// A whole number within `bounds`; nil when there is none.
    mutating func number(_ key: String, in bounds: ClosedRange<Int64>) -> Int64? {
        guard let text = text(key), !text.isEmpty else { return nil }
        guard let number = Int64(text), bounds.contains(number) else {
            let remedy =
                bounds.upperBound == .max
                ? "write a whole number from \(bounds.lowerBound)"
                : "write a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
            log.error(place(key), "\"\(text)\" is not allowed here", remedy)
            return nil
        }
        return number
    }

    mutating func requiredNumber(_ key: String, in bounds: ClosedRange<Int64>) -> Int64 {
        if member(key) == nil { reportMissing(key) }
        return number(key, in: bounds) ?? bounds.lowerBound
    }

    /// One of the words that `Word` has; nil when there is none.
    mutating func word<Word>(_ key: String, _ type: Word.Type = Word.self) -> Word?
    where Word: RawRepresentable<String> & CaseIterable {
        guard let text = text(key), !text.isEmpty else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map { $0.rawValue }.joined(separator: ", ")
        log.error(place(key), "\"\(text)\" is not allowed here", "write one of \(words)")
        return nil
    }

    mutating func requiredWord<Word>(_ key: String, else missing: Word) -> Word
    where Word: RawRepresentable<String> & CaseIterable {
        if member(key) == nil { reportMissing(key) }
        return word(key) ?? missing
    }
}
