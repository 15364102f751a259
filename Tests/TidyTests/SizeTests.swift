import Testing

@Suite("Sizes: a file is one idea, a function fits a screen")
struct SizeTests {
    @Test("no file has more than 500 lines", arguments: SourceTree.files)
    func files(_ file: SourceFile) {
        #expect(file.lines.count <= 501, "\(file.path): split it by idea")
    }

    @Test("Exchange.swift, which knows only the order of steps, has at most 300 lines")
    func exchange() {
        let found = SourceTree.sources.filter { $0.path == "Sources/Edge/Exchange.swift" }
        #expect(found.allSatisfy { $0.lines.count <= 301 })
    }

    @Test("no function has more than 60 lines", arguments: SourceTree.files)
    func functions(_ file: SourceFile) {
        for function in FunctionSpans.all(in: file) where function.lines > 60 {
            let excused = Self.longFunctions["\(file.path) \(function.name)"] != nil
            #expect(
                excused,
                "\(file.place(function.start)): \(function.name) has \(function.lines) lines")
        }
    }

    @Test("each excused function is still long", arguments: SizeTests.longFunctions.keys.sorted())
    func excuses(_ key: String) {
        let parts = key.split(separator: " ").map { String($0) }
        let spans = SourceTree.files.filter { $0.path == parts[0] }.flatMap {
            FunctionSpans.all(in: $0)
        }
        #expect(spans.contains { $0.name == parts[1] && $0.lines > 60 })
    }

    /// `path name` of a function that is better read in one piece, and why.
    static let longFunctions: [String: String] = [:]

    @Test("no line is wider than 100 columns", arguments: SourceTree.sources)
    func lines(_ file: SourceFile) {
        let wide = file.lines.indices.filter { file.lines[$0].count > 100 }.map { $0 + 1 }
        #expect(wide.isEmpty, "break them, or run: swift format -i \(file.path)")
    }

    @Test("the Makefile has at most 40 lines, blank ones included")
    func makefile() throws {
        #expect(try SourceTree.text(of: "Makefile").count { $0 == "\n" } <= 40)
    }
}
