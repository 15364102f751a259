import Testing

@Suite("Words: one meaning each, and none that hide work")
struct WordTests {
    @Test("nothing is left to do later", arguments: SourceTree.files)
    func leftovers(_ file: SourceFile) {
        // Split, so that this file may name what it forbids.
        let banned = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "not " + "implemented"]
        for (index, line) in file.lines.enumerated() {
            for word in banned where contains(line, word) {
                Issue.record("\(file.place(index)): \(word); do it now, or open an issue")
            }
        }
    }

    @Test("a type's name says what it is", arguments: SourceTree.files)
    func typeNames(_ file: SourceFile) {
        let vague = ["Manager", "Helper", "Util", "Utils", "Utility", "Handler", "Impl", "Common"]
        for (index, line) in file.code.enumerated() {
            let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            for (keyword, name) in zip(words, words.dropFirst())
            where ["struct", "class", "enum", "actor", "protocol", "typealias"].contains(keyword) {
                let end = vague.first { name.hasSuffix($0) }
                #expect(end == nil, "\(file.place(index)): \(name)")
            }
        }
    }

    @Test("no test sleeps", arguments: SourceTree.tests)
    func sleeps(_ file: SourceFile) {
        for (index, line) in file.code.enumerated() {
            for word in ["sleep", "usleep", "nanosleep"] where contains(line, word) {
                Issue.record("\(file.place(index)): wait for what is awaited instead")
            }
        }
    }

    @Test("what the compiler cannot check says why, on its line", arguments: SourceTree.files)
    func uncheckedWithReason(_ file: SourceFile) {
        for (index, line) in file.code.enumerated()
        where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
            #expect(
                file.lines[index].contains("// "), "\(file.place(index)): give the reason behind //"
            )
        }
    }

    /// Whether `word` stands in `line` with no letter or digit beside it.
    private func contains(_ line: String, _ word: String) -> Bool {
        line.ranges(of: word).contains { range in
            let neighbours = [line[..<range.lowerBound].last, line[range.upperBound...].first]
            return neighbours.allSatisfy { !($0?.isLetter ?? false) && !($0?.isNumber ?? false) }
        }
    }
}
