import Foundation
import Testing

@Suite("Layout: what a newcomer and a tool look for is where they look")
struct LayoutTests {
    @Test(".about.yml is a link to about.yml")
    func aboutIsALink() throws {
        let path = SourceTree.root.appending(path: ".about.yml").path
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "about.yml")
    }

    @Test("README's first screen shows the two commands and what one should see")
    func readme() throws {
        let screen = try SourceTree.text(of: "README.md").split(
            separator: "\n", omittingEmptySubsequences: false
        ).prefix(40).joined(separator: "\n")
        for text in ["make run", "make test", "Miss", "Hit", "kill -- -"] {
            #expect(screen.contains(text), "the first screen lacks \(text)")
        }
    }

    @Test(
        "scripts are executable and stop at the first failure",
        arguments: [
            ".ci/run", "conf/install-packages.sh", "conf/test.sh", "conf/demo/build-data.sh",
        ])
    func scripts(_ path: String) throws {
        let file = SourceTree.root.appending(path: path).path
        #expect(FileManager.default.isExecutableFile(atPath: file))
        #expect(try SourceTree.text(of: path).contains("set -euo pipefail"))
    }

    @Test("CI runs what CONTRIBUTING says that it runs")
    func continuousIntegration() throws {
        let lines = try SourceTree.text(of: ".ci/run").split(separator: "\n")
        for command in ["make check", "make benchmark", "make test"] {
            #expect(lines.contains(command[...]), "\(command)")
        }
        #expect(lines.last == "make test", "its last line is the test runner's own")
    }

    @Test("each decision record has its four parts, fits a screen and a half, and is listed")
    func decisions() throws {
        let folder = "Sources/Edge/Edge.docc/Decisions"
        let names = try FileManager.default.contentsOfDirectory(
            atPath: SourceTree.root.appending(path: folder).path)
        #expect(names.count >= 5)
        let list = try SourceTree.text(of: "Sources/Edge/Edge.docc/Architecture.md")
        for name in names {
            #expect(list.contains("\n- <doc:\(name.dropLast(3))>\n"), "\(name) is not listed")
            let text = try SourceTree.text(of: "\(folder)/\(name)")
            for part in ["Context", "Choice", "What we gave up", "What would reverse it"] {
                #expect(text.contains("## \(part)\n"), "\(name) lacks \(part)")
            }
            #expect(text.split(separator: "\n").count <= 60, "\(name) is too long")
        }
    }

    @Test("LICENSE is the Apache License 2.0")
    func licence() throws {
        #expect(try SourceTree.text(of: "LICENSE").contains("Apache License"))
    }
}
