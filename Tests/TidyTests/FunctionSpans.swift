/// A function of a file, from its first line to its closing brace.
struct FunctionSpan: Equatable {
    var name: String
    /// Counted from zero.
    var start: Int
    var lines: Int
}

/// Finds functions by their braces: no parser, but the house's formatting is strict enough.
enum FunctionSpans {
    static func all(in file: SourceFile) -> [FunctionSpan] {
        file.code.indices.compactMap { index in
            guard let name = declaredName(file.code[index]) else { return nil }
            guard let end = lastLine(from: index, in: file.code) else { return nil }
            return FunctionSpan(name: name, start: index, lines: end - index + 1)
        }
    }

    /// The name that a line declares a function by, or nil.
    private static func declaredName(_ line: String) -> String? {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "(" || $0 == "<" })
        for (index, word) in words.enumerated() {
            if word == "func" { return words.dropFirst(index + 1).first.map { String($0) } }
            if ["init", "init?", "deinit", "subscript"].contains(word) { return String(word) }
            guard modifiers.contains(word) || word.hasPrefix("@") else { return nil }
        }
        return nil
    }

    private static let modifiers: Set<Substring> = [
        "public", "internal", "private", "fileprivate", "static", "class", "final", "override",
        "mutating", "nonmutating", "consuming", "borrowing", "convenience", "required",
        "nonisolated", "prefix", "postfix",
    ]

    /// The line with the brace that closes the body; nil for a requirement without one.
    private static func lastLine(from start: Int, in code: [String]) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            if index > start, braces == 0, parentheses == 0, endsSignature(code[index]) {
                return nil
            }
            for character in code[index] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                case "}" where parentheses == 0: return nil
                default: break
                }
            }
        }
        return nil
    }

    /// Whether a line below a declaration no longer belongs to its signature.
    private static func endsSignature(_ line: String) -> Bool {
        let line = line.drop { $0 == " " }
        let goesOn = ["{", ")", "->", "where ", "async", "throws", "rethrows"]
        return !goesOn.contains { line.hasPrefix($0) }
    }
}
