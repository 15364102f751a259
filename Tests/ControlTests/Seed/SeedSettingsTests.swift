import Testing

@testable import Control

@Suite("Seeding by the edge itself: what the file says")
struct SeedSettingsTests {
    private static let origins = """
        origins: { maps: { members: ["http://127.0.0.1:1"] } }
        behaviors: [{ path: "*", class: tiles }]

        """

    @Test("without a word one request at a time for each member, and no Host is known")
    func standard() {
        let settings = reading(Self.origins).configuration.seeding
        #expect(settings == SeedingSettings())
        #expect(settings.host == nil && settings.rate == nil && settings.concurrency == 1)
    }

    @Test("every key arrives")
    func keys() {
        let text = Self.origins + "seeding: { host: maps.example.org, rate: 2.5, concurrency: 4 }\n"
        let settings = reading(text).configuration.seeding
        #expect(settings.host == "maps.example.org")
        #expect(settings.rate == 2.5 && settings.concurrency == 4)
    }

    @Test(
        "mistakes are told by line",
        arguments: [
            ("host: a/b", "which is no Host; write a name"),
            ("rate: fast", "which is no rate; write tiles per second"),
            ("concurrency: 0", "give 1 to 64"), ("hosts: a", "did you mean \"host\"?"),
        ])
    func mistakes(_ line: String, _ words: String) {
        let findings = reading(Self.origins + "seeding: { \(line) }\n").findings
        #expect(findings.contains { "\($0)".contains(":3: ") && "\($0)".contains(words) })
    }
}
