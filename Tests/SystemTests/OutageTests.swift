import HTTP
import Testing
import WireTesting

@Suite("An outage of the maps: pages and tiles over the wire")
struct OutageTests {
    private static let words = "The map service is not responding"
    private let inner = (0..<400).map { "<p>paragraph \($0)</p>" }.joined()
    private var page: [UInt8] { Array("<html><body>\(inner)</body></html>".utf8) }

    private func gunzip(_ bytes: [UInt8]) throws -> String {
        guard var reader = GzipReader(limit: 1 << 20) else { throw WireError("no memory") }
        var failure: GzipError?
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 20) { room, count in
            do throws(GzipError) {
                count = unsafe try reader.read(
                    bytes.span.bytes, into: UnsafeMutableRawBufferPointer(room)
                ).produced
            } catch { failure = error }
        }
        #expect(failure == nil && reader.isComplete)
        return String(decoding: plain, as: UTF8.self)
    }

    @Test("a hit in gzip gets the notice, is framed right, and says the rest as before")
    func gzipHit() throws {
        let site = try OutageSite()
        let page = page
        site.room.answers { _ in
            OutageSite.reply("text/html", page, "Cache-Control: max-age=600", "ETag: \"a\"")
        }
        let path = site.room.path("page")
        #expect(try site.edge.get(path, "Accept-Encoding: gzip")["Content-Encoding"] == "gzip")
        let before = try site.edge.get(path, "Accept-Encoding: gzip")
        #expect(before.isHit && before["X-Edge-Degraded"] == nil)
        #expect(try site.takeMapsAway().status == 503)

        var viewer = try site.edge.viewer()
        for _ in 0..<2 {
            // Twice on one connection: a length that is wrong would show in the second answer.
            try viewer.send("GET \(path) HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            let noticed = try viewer.response()
            #expect(noticed.status == 200 && noticed.isHit)
            #expect(noticed["Content-Encoding"] == "gzip" && noticed["ETag"] == nil)
            #expect(noticed["Content-Length"] == "\(noticed.body.count)")
            #expect(noticed["X-Edge-Degraded"]?.hasPrefix("notice; since=") == true)
            let plain = try gunzip(noticed.body)
            #expect(plain.hasPrefix("<html><body>\(inner)<div") && plain.contains(Self.words))
            #expect(plain.hasSuffix("</div>\n</body></html>"))
        }
        try viewer.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = try viewer.response(toHead: true)
        #expect(Int(head["Content-Length"] ?? "") ?? 0 > page.count)
        try viewer.send("GET \(path) HTTP/1.1\r\nHost: a\r\nRange: bytes=0-5\r\n\r\n")
        #expect(try viewer.response().body == Array("<html>".utf8))
        #expect(try site.edge.metric("mapedge_notices_shown_total") >= 3)
        #expect(try site.edge.metric("mapedge_fallback_blanks_total") == 1)
        let status = try site.edge.admin("/status").text
        #expect(status.contains("origin \\\"maps\\\" fails its requests since"))
        #expect(site.edge.child.line(with: "origin \"maps\" fails its requests") != nil)
    }

    @Test("a page too large to be held goes out whole, without a notice")
    func large() throws {
        let site = try OutageSite()
        let size = 500_000
        site.room.answers { _ in .pattern(size, "Content-Type: text/html") }
        #expect(try site.takeMapsAway().status == 503)
        let response = try site.edge.get(site.room.path("large"))
        #expect(response.status == 200 && response.body.count == size)
        #expect(response["X-Edge-Degraded"] == nil)
        #expect(try site.edge.metric("mapedge_notices_left_out_total") == 1)
    }

    @Test("a page in chunks without a length gets its notice and one")
    func chunked() throws {
        let site = try OutageSite()
        site.room.answers { _ in
            .response(
                200, ["Content-Type: text/html", "Transfer-Encoding: chunked"],
                body: "6\r\n<body>\r\n7\r\n</body>\r\n0\r\n\r\n")
        }
        #expect(try site.takeMapsAway().status == 503)
        let response = try site.edge.get(site.room.path("chunked"))
        #expect(response.text.hasPrefix("<body><div") && response.text.hasSuffix("</body>"))
        #expect(response["Content-Length"] == "\(response.body.count)")
        #expect(response["Transfer-Encoding"] == nil)
    }

    @Test("texts are read again by a reload, and a bad one is refused with its line")
    func reload() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write("notice.en.html", "<b>first</b>")
        _ = try directory.write("page.en.html", "<p>gone</p>{{notice}}")
        let site = try OutageSite(notices: "directory: \(directory.path)")
        let page = page
        site.room.answers { _ in
            OutageSite.reply("text/html", page, "Cache-Control: max-age=600")
        }
        let path = site.room.path("page")
        #expect(try site.takeMapsAway().status == 503)
        #expect(try site.edge.get(path).text.contains("<b>first</b></body>"))
        _ = try directory.write("notice.en.html", "<b>second</b>")
        #expect(try site.edge.admin("/reload", method: "POST").status == 200)
        #expect(try site.edge.get(path).text.contains("<b>second</b></body>"))
        _ = try directory.write("notice.en.html", "\n{{")
        let refused = try site.edge.admin("/reload", method: "POST")
        #expect(refused.status != 200)
        #expect(refused.text.contains("notice.en.html:2: \"{{\" is not closed"))
        #expect(try site.edge.get(path).text.contains("<b>second</b></body>"))
        site.origin.stop()
        let gone = try site.edge.get(site.room.path("other"), "Accept: text/html")
        #expect(gone.status == 503 && gone.text == "<p>gone</p><b>second</b>")
    }
}
