import Caching
import Glibc
import Testing

@testable import Control
@testable import Edge

@Suite("Notices and fallbacks: what the file says")
struct NoticeSettingsTests {
    private let origins = """
        origins:
          pages: { members: ["http://127.0.0.1:1"] }
          maps: { members: ["http://127.0.0.1:2"] }
        behaviors:
          - { path: "/geoserver/*", origin: maps, class: tiles }
          - { path: "*", origin: pages, class: pages }

        """

    private func settings(_ text: String) -> Settings {
        reading(origins + text).configuration.settings
    }

    @Test("a tier's pages get notices, a twin's do not, and the file wins")
    func delivery() {
        #expect(settings("").notices.delivery == .inject)
        #expect(settings("role: twin\n").notices.delivery == .off)
        #expect(settings("notices: { delivery: off }\n").notices.delivery == .off)
        #expect(
            settings("notices: { delivery: script, script: /.mapedge/ }\n").notices.script
                == "/.mapedge")
        #expect(
            findings(origins + "role: twin\nnotices: { delivery: inject }\n").contains {
                $0.hasPrefix("edge.yaml:8: warning: pages get a notice, which CloudFront")
            })
    }

    @Test("what is watched are the map classes' origins, or those that are named")
    func watch() {
        let book = NoticeBook(settings(""))
        #expect(book.watched == ["maps"])
        #expect(
            NoticeBook(settings("notices: { watch: [pages, maps] }\n")).watched == [
                "pages", "maps",
            ])
        #expect(NoticeBook(settings("notices: { watch: [] }\n")).watched.isEmpty)
    }

    @Test("every key arrives")
    func keys() {
        let read = settings(
            """
            notices: { sMaxage: 3s, marker: "</main", script: /a }
            fallbacks:
              { ancestorLevels: 0, pictureJobs: 1, retryAfter: 9s, outageBegins: 4, outageEnds: 5 }

            """)
        #expect(read.notices.sMaxage == 3_000 && read.notices.marker == "</main")
        #expect(read.notices.script == "/a")
        var wanted = FallbackSettings()
        (wanted.ancestorLevels, wanted.pictureJobs, wanted.retryAfter) = (0, 1, 9)
        (wanted.outageBegins, wanted.outageEnds) = (4, 5)
        #expect(read.fallbacks == wanted)
    }

    @Test("a page that lacks something is known by what the behavior says")
    func degraded() {
        let text = origins.replacing(
            "class: pages }",
            with: "class: pages, degraded: { header: X-Map, value: down, body: sorry, "
                + "within: 1KiB, serveStored: true } }")
        let marker = reading(text).configuration.settings.behaviors[1].degraded
        var wanted = DegradedMarker()
        (wanted.header, wanted.value) = ("X-Map", "down")
        (wanted.body, wanted.within, wanted.servesStored) = (Array("sorry".utf8), 1_024, true)
        #expect(marker == wanted)
        #expect(reading(origins).configuration.settings.behaviors[1].degraded == nil)
    }

    @Test("an imported behavior may have one, too")
    func imported() {
        var addition = BehaviorAddition(pattern: .standard("path", "*"))
        addition.degraded = DegradedMarker()
        var behavior = BehaviorSettings(policy: .cloudFrontPure)
        addition.mapClass = .pages
        addition.apply(to: &behavior)
        #expect(behavior.degraded == DegradedMarker())
        #expect(behavior.policy.staleIfError == 3 * BehaviorPolicy.day)
    }

    @Test(
        "mistakes are told with their line",
        arguments: [
            (
                "notices: { delivery: script }",
                "edge.yaml:7: notices.delivery is script, but no path for the script is given; "
                    + "write \"script: /.mapedge\" below it, and load /.mapedge/notice.js in the "
                    + "pages"
            ),
            (
                "notices: { watch: [mops] }",
                "edge.yaml:7: no origin is named \"mops\"; did you mean \"maps\"?"
            ),
            (
                "notices: { languages: [fr] }",
                "edge.yaml:7: the edge's own texts are English, and there are no others; name a "
                    + "directory with notice.fr.html and page.fr.html in notices.directory"
            ),
            (
                "notices: { script: a }",
                "edge.yaml:7: notices.script is \"a\", which is no path for the edge's own "
                    + "answers; write such as /.mapedge"
            ),
            (
                "notices: { marker: \"\" }",
                "edge.yaml:7: notices.marker is empty or very long; write what stands in each page "
                    + "where the notice goes, such as \"</body\""
            ),
        ])
    func mistakes(_ text: String, _ wanted: String) {
        let found = findings(origins + text + "\n")
        #expect(found.contains(wanted), "\(found)")
    }

    @Test("a notice that nobody would ever see is doubted")
    func unseen() {
        let doubts = findings(
            "origins: { a: { members: [\"http://127.0.0.1:1\"] } }\n"
                + "behaviors: [{ path: \"*\", class: capabilities }]\n"
                + "notices: { delivery: inject, watch: [] }\n")
        #expect(doubts.count == 2 && doubts.allSatisfy { $0.hasPrefix("edge.yaml:3: warning: ") })
        #expect(findings(origins + "notices: { delivery: inject }\n").isEmpty)
    }

    @Test("a marker that nothing is known by is a mistake")
    func nothing() {
        let text = origins.replacing(
            "class: pages }", with: "class: pages, degraded: { serveStored: true } }")
        #expect(
            findings(text).contains {
                $0.contains("behaviors[1].degraded has neither header nor body; say by which")
            })
    }

    private func shipped(_ languages: String) -> ConfigurationReading {
        reading(
            origins + "notices: { directory: \"\(ProjectFiles.tests)../../conf/notices\", "
                + "languages: \(languages) }\n")
    }

    @Test("the shipped texts are sound, in each of their languages")
    func shippedTexts() throws {
        let read = shipped("[en, fr, es]")
        #expect(read.findings.isEmpty, "\(read.findings)")
        let texts = read.configuration.settings.notices.texts
        #expect(texts.map(\.language) == ["en", "fr", "es"])
        let filling = NoticeTemplate.Filling(since: 0, retry: 5, name: "edge", notice: [])
        for texts in texts {
            let notice = String(decoding: texts.notice.filled(filling), as: UTF8.self)
            #expect(notice.contains("01 Jan 1970 00:00 GMT"), "\(texts.language)")
        }
        #expect(shipped("[de]").findings.first?.problem.contains("notice.de.html") == true)
    }

    @Test("a mistake in a template is told with the template's line")
    func template() throws {
        let directory = "/tmp/mapedge-notices-\(getpid())"
        mkdir(directory, 0o700)
        defer {
            for name in ["notice.en.html", "page.en.html"] { unlink("\(directory)/\(name)") }
            rmdir(directory)
        }
        try writeTextFile("\(directory)/notice.en.html", "<p>\n{{when}}\n</p>\n")
        try writeTextFile("\(directory)/page.en.html", "{{notice}}")
        let found = findings(origins + "notices: { directory: \(directory) }\n")
        #expect(
            found == [
                "\(directory)/notice.en.html:2: \"{{when}}\" is nothing that can be filled in; "
                    + "use one of {{since}}, {{seconds}}, {{retry}}, {{name}}"
            ])
    }
}
