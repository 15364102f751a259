import Caching
import Edge
import Testing

@testable import Control

@Suite("Configuration: pages and own writes")
struct PageSettingsTests {
    private static func text(_ behavior: String, _ more: String = "") -> String {
        """
        origins: { pages: { members: ["http://127.0.0.1:8000"] } }
        behaviors: [{ path: "*"\(behavior) }]
        \(more)
        """
    }

    @Test("cookies, languages and tokens of a behavior")
    func behavior() throws {
        let read = reading(
            Self.text(
                ", class: pages, languages: [de, PT-BR], tokens: [nonce], "
                    + "cookies: { csrf: [xsrf], messages: [], analytics: [\"_ga*\"] }"))
        #expect(read.findings.isEmpty)
        let behavior = try #require(read.configuration.settings.behaviors.first)
        var cookies = CookieClasses()
        (cookies.csrf, cookies.messages, cookies.analytics) = (["xsrf"], [], ["_ga*"])
        #expect(behavior.cookies == cookies)
        #expect(behavior.languages == ["de", "pt-br"])
        #expect(behavior.tokens == ["nonce"])
    }

    @Test("tokens that are cut out and put in")
    func tokenPlaces() throws {
        let read = reading(
            Self.text(
                ", class: pages, tokenPlaces: [ { cookie: csrftoken, before: ['value=\"x\" v=\"', "
                    + "'csrfToken: \"'] }, { value: random, before: 'access_token=' }, "
                    + "{ value: empty, before: ['data-nonce='] } ]"))
        #expect(read.findings.isEmpty)
        let behavior = try #require(read.configuration.settings.behaviors.first)
        #expect(
            behavior.tokenPlaces == [
                TokenRule(
                    before: ["value=\"x\" v=\"", "csrfToken: \""], value: .cookie("csrftoken")),
                TokenRule(before: ["access_token="], value: .random),
                TokenRule(before: ["data-nonce="], value: .empty),
            ])
    }

    @Test("how many answers that start sessions have to be alike", arguments: [0, 2, 16])
    func sessionStartProofs(_ count: Int) throws {
        let read = reading(Self.text(", class: pages, sessionStartProofs: \(count)"))
        #expect(read.findings.isEmpty)
        #expect(read.configuration.settings.behaviors.first?.sessionStartProofs == count)
    }

    @Test("who has written gets pages past the store for so long")
    func ownWrites() {
        let read = reading(
            Self.text(", class: pages", "ownWrites: { window: 5m, places: 64, byAddress: true }"))
        #expect(read.findings.isEmpty)
        var expected = OwnWriteSettings()
        (expected.window, expected.places, expected.byAddress) = (300_000, 64, true)
        #expect(read.configuration.settings.ownWrites == expected)
    }

    @Test(
        "a window that says nothing, or ends too soon, is told",
        arguments: [
            (", class: tiles", "ownWrites: { window: 5m }", "no behavior has class pages"),
            (", class: pages, defaultTTL: 2m", "", "ends before a page"),
            (", class: pages, staleWhileRevalidate: 61s", "", "ends before a page"),
            (", class: pages, defaultTTL: 1m", "", ""),
            (", class: pages, defaultTTL: 2m", "ownWrites: { window: 0 }", ""),
        ])
    func warnings(_ behavior: String, _ more: String, _ expected: String) {
        let found = reading(Self.text(behavior, more)).findings.map(\.description)
        #expect(found.count == (expected.isEmpty ? 0 : 1), "\(found)")
        #expect(expected.isEmpty || found.allSatisfy { $0.contains(expected) })
    }

    @Test("how many are remembered cannot change while the edge runs")
    func places() {
        let settings = [64, 128].map { places in
            reading(Self.text(", class: pages", "ownWrites: { places: \(places) }")).configuration
        }
        #expect(
            unchangeable(from: settings[0], to: settings[1])
                == [
                    "ownWrites.places cannot change while the edge runs; put it back, or restart "
                        + "the edge"
                ])
        #expect(unchangeable(from: settings[0], to: settings[0]) == [])
    }
}
