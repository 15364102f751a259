import Testing

/// The arrows: what each module may import, as Architecture.md tabulates it.
private struct Layers {
    /// Module -> the modules and system libraries it may import.
    let allowed: [String: Set<String>]
    /// Modules without clock, socket or disk.
    let pure: Set<String>

    init() throws {
        let page = try SourceTree.text(of: "Sources/Edge/Edge.docc/Architecture.md")
        var allowed: [String: Set<String>] = [:]
        var pure: Set<String> = []
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map {
                $0.split(separator: " ").joined(separator: " ")
            }
            let module = cells[0].filter { $0 != "`" }
            let names = cells[1].split { " ,`—".contains($0) }.map { String($0) }
            allowed[module] = Set(names)
            if cells[2].hasPrefix("pure") { pure.insert(module) }
        }
        self.allowed = allowed
        self.pure = pure
    }
}

@Suite("Arrows: each module imports only what lies below it")
struct LayerTests {
    @Test("Architecture.md names every module of Sources, and no other")
    func tableIsComplete() throws {
        let modules = Set(SourceTree.sources.map { $0.module })
        #expect(Set(try Layers().allowed.keys) == modules)
    }

    @Test("imports follow Architecture.md's table", arguments: SourceTree.sources)
    func imports(_ file: SourceFile) throws {
        let allowed = try Layers().allowed[file.module] ?? []
        for (index, line) in file.code.enumerated() {
            guard let module = imported(by: line) else { continue }
            #expect(
                allowed.contains(module), "\(file.place(index)): \(file.module) -> \(module)")
        }
    }

    @Test("Package.swift depends on nothing that the table does not allow")
    func manifest() throws {
        let allowed = try Layers().allowed
        let names = ["argumentParser": "ArgumentParser", "logging": "Logging", "yams": "Yams"]
        for line in try SourceTree.text(of: "Package.swift").split(separator: "\n")
        where line.contains("arget(name: \"") && !line.contains("testTarget") {
            let module = String(line.split(separator: "\"")[1])
            guard let list = line.firstRange(of: "dependencies: [") else { continue }
            let inside = line[list.upperBound...].prefix { $0 != "]" }
            for word in inside.split(whereSeparator: { " ,\"".contains($0) }) {
                let name = names[String(word)] ?? String(word)
                #expect(allowed[module]?.contains(name) == true, "\(module) -> \(name)")
            }
        }
    }

    @Test("pure modules have no clock", arguments: SourceTree.sources)
    func clocks(_ file: SourceFile) throws {
        guard try Layers().pure.contains(file.module) else { return }
        let clocks = [
            "ContinuousClock", "SuspendingClock", "Date()", "clock_gettime", "SystemRandom",
        ]
        for (index, line) in file.code.enumerated() {
            for clock in clocks where line.contains(clock) {
                Issue.record("\(file.place(index)): \(clock); take it as an argument")
            }
        }
    }

    /// `public import HTTP` -> `HTTP`; `import struct A.B` -> `A`.
    private func imported(by line: String) -> String? {
        let words = line.split(separator: " ")
        guard let keyword = words.firstIndex(of: "import"),
            words[..<keyword].allSatisfy({ $0.hasPrefix("@") || Self.access.contains($0) })
        else { return nil }
        let name = words[(keyword + 1)...].first { !Self.kinds.contains($0) }
        return name?.split(separator: ".").first.map { String($0) }
    }

    private static let access: Set<Substring> = ["public", "package", "internal", "private"]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "func", "var", "let",
    ]
}
