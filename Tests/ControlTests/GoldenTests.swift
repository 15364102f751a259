import Control
import Glibc
import Testing

/// Each golden is a configuration, a line of dashes, and exactly what is found wrong with it.
///
/// `REWRITE_GOLDENS=1` writes what is found now; the difference is then for the reviewer to read.
@Suite("Findings: every mistake at once, each with its line and its remedy")
struct GoldenTests {
    private static let mark = "----------\n"

    @Test(
        "the text of each finding",
        arguments: [
            "addresses", "api", "behaviors", "checks", "cloudfront", "contradictions", "fairness",
            "no-origin",
            "not-a-mapping",
            "not-yaml",
            "discovery", "origins", "tls", "twice", "pages", "unknown-keys", "values",
            "without-effect",
        ])
    func golden(_ name: String) throws {
        let path = "\(ProjectFiles.tests)Goldens/\(name).txt"
        let golden = try ProjectFiles.text(path)
        let end = golden.firstRange(of: Self.mark)
        let input = String(golden[..<(end?.lowerBound ?? golden.endIndex)])
        let found = findings(input).map { "\($0)\n" }.joined()
        if getenv("REWRITE_GOLDENS") != nil {
            try writeTextFile(path, input + Self.mark + found)
        } else {
            let expected = end.map { String(golden[$0.upperBound...]) }
            #expect(found == expected)
        }
    }

    @Test("no finding has more than one line")
    func oneLine() {
        let text = "mode: \"a\\nb\"\n\"key\\nwith line\": 1\norigins: {\"o\\no\": {members: 1}}\n"
        let found = findings(text)
        #expect(found.count >= 3)
        #expect(found.allSatisfy { !$0.contains("\n") })
    }
}
