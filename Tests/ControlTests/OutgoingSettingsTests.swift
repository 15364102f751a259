import CloudFront
import Testing

@testable import Control
@testable import Edge

@Suite("Outgoing invalidations: what the file says")
struct OutgoingSettingsTests {
    private let origins = "origins: { maps: { members: [\"http://127.0.0.1:1\"] } }\n"

    private func read(_ text: String) -> Configuration {
        let reading = reading(origins + text)
        #expect(reading.findings.isEmpty, "\(reading.findings)")
        return reading.configuration
    }

    @Test("without a word nobody is told, and no response has tags")
    func standard() {
        let configuration = read("")
        #expect(configuration.outgoing == OutgoingSettings())
        #expect(configuration.outgoing.distribution == nil)
        #expect(configuration.settings.outgoingTagField.isEmpty)
    }

    @Test("every key arrives")
    func keys() {
        let configuration = read(
            """
            cloudfront:
              invalidate:
                distribution: E1234567890ABC
                maps: ["/geoserver/*", /gs*]
                pages: /layers/*
                targets: true
                gather: 1m
                items: 50
                paths: 1000
                wildcards: 5
                poll: 1s
                region: cn-northwest-1
                endpoint: "http://127.0.0.1:5000"
            """)
        let outgoing = configuration.outgoing
        #expect(outgoing.distribution == "E1234567890ABC" && outgoing.tagHeader == nil)
        #expect(outgoing.items.maps.map(\.text) == ["/geoserver/*", "/gs*"])
        #expect(outgoing.items.pages.map(\.text) == ["/layers/*"])
        #expect(outgoing.items.includesTargets && !outgoing.items.hasTags)
        let limits = outgoing.limits
        #expect(limits.gather == 60_000 && limits.items == 50 && limits.poll == 1_000)
        #expect(limits.paths == 1_000 && limits.wildcards == 5)
        #expect(outgoing.region == "cn-northwest-1")
        #expect(outgoing.endpoint == "http://127.0.0.1:5000")
        #expect(configuration.settings.outgoingTagField.isEmpty)
    }

    @Test("with a field for tags responses have them, and writes are told by them")
    func tags() {
        let configuration = read(
            "cloudfront: { invalidate: { distribution: E1, tagHeader: Cache-Tag } }")
        #expect(configuration.outgoing.items.hasTags)
        #expect(configuration.settings.outgoingTagField == Array("Cache-Tag".utf8))
    }

    @Test("an edge knows its own admin port by each of its names")
    func own() throws {
        let admin = read("admin: 127.0.0.1:8081").admin
        for (text, isOwn) in [
            ("http://127.0.0.1:8081", true), ("http://localhost:8081/x", true),
            ("https://[::1]:8081", true), ("http://127.0.0.1:8082", false),
            ("http://10.0.0.1:8081", false), ("https://cloudfront.amazonaws.com", false),
        ] {
            #expect(try #require(ServiceURL(text)).isOne(of: admin) == isOwn, "\(text)")
        }
    }

    @Test("keys without a distribution are a mistake, and a change needs a restart")
    func mistakes() {
        let found = findings(origins + "cloudfront: { invalidate: { gather: 1s } }\n")
        #expect(found.contains { $0.contains("does not say which distribution is told") })
        let (old, new) = (
            read(""), read("cloudfront: { invalidate: { distribution: E1 } }")
        )
        #expect(
            unchangeable(from: old, to: new) == [
                "cloudfront cannot change while the edge runs; put it back, or restart the edge"
            ])
    }
}
