import Testing
import WireTesting

@Suite("The template for Amazon: by programs that are not ours")
struct TemplateTests {
    private static let linter = packagedPython.map { $0.replacing("python3", with: "cfn-lint") }

    @Test("cfn-lint finds nothing in it", .enabled(if: linter != nil, "no cfn-lint"))
    func lint() throws {
        let (exit, output) = try TemporaryDirectory().run(
            try #require(Self.linter),
            [
                "--include-checks", "I", "--non-zero-exit-code", "informational", "--format",
                "parseable", "--", "\(projectRoot)/conf/aws/mapstory.yaml",
            ])
        #expect(exit == 0, "\(output)")
    }

    @Test(
        "it has what conf/distribution.json has, and what the edge knows; its sample is checked",
        .enabled(if: packagedPython != nil, "no Python with YAML"))
    func agreement() throws {
        let (exit, output) = try TemporaryDirectory().run(
            try #require(packagedPython),
            ["\(projectRoot)/conf/aws/check.py", Edge.program])
        #expect(exit == 0, "\(output)")
    }
}
