import Testing
import Tiles
import WireTesting

/// The browser without a window, each time with a profile of its own, on clocks that it sets forward
/// itself while nothing is loading.
enum Chromium {
    static let program = firstExecutable("/usr/bin/chromium", "/usr/bin/chromium-browser")

    /// What a window shows of a URL, or what became of the document.
    private static func browse(_ url: String, _ wish: String, output: String) throws {
        let profile = try TemporaryDirectory()
        let browser = try Child(
            try #require(program),
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage",
                "--user-data-dir=\(profile.path)", "--window-size=900,700",
                "--virtual-time-budget=20000", wish, url,
            ], output: output)
        let exit = browser.waitForExit(within: 120_000)
        #expect(exit == 0, "\(browser.log)")
    }

    static func screenshot(_ url: String) throws -> PixelBuffer {
        let directory = try TemporaryDirectory()
        let file = directory.file("page.png")
        try browse(url, "--screenshot=\(file)", output: "/dev/null")
        let bytes = try readBytes(file)
        return try PNG.decode(bytes.span.bytes)
    }

    /// The document after its scripts have run, as HTML.
    static func document(_ url: String) throws -> String {
        let directory = try TemporaryDirectory()
        try browse(url, "--dump-dom", output: directory.file("page.html"))
        return try readFile(directory.file("page.html"))
    }

    /// What a page's script has written into the element `log`, up to a full stop.
    static func log(_ url: String) throws -> String { try log(in: document(url)) }

    static func log(in page: String) throws -> String {
        let start = try #require(page.firstRange(of: "id=\"log\">")).upperBound
        return String(page[start...].prefix { $0 != "." && $0 != "<" })
    }
}

/// The map libraries of pages, by the names under which pages load them.
enum MapLibrary {
    private static let files = [
        "OpenLayers.js": "/usr/share/javascript/openlayers/OpenLayers.js",
        "style.css": "/usr/share/openlayers/theme/default/style.css",
        "leaflet.js": "/usr/share/javascript/leaflet/leaflet.js",
        "leaflet.css": "/usr/share/javascript/leaflet/leaflet.css",
    ]

    /// Where they are, when they are.
    static var paths: [String] { files.values.sorted() }
    static let isInstalled = paths.allSatisfy { (try? readBytes($0)) != nil }

    /// What an origin answers to whoever asks for such a file; nil: it is none.
    static func reply(
        _ name: String, _ field: String = "Cache-Control: max-age=600"
    ) -> Reply? {
        guard let file = files[name], let bytes = try? readBytes(file) else { return nil }
        let type = name.hasSuffix("css") ? "text/css" : "text/javascript"
        return OutageSite.reply(type, bytes, field)
    }
}

extension Request {
    /// What its path ends in.
    var fileName: String {
        String(target.prefix { $0 != "?" }.split(separator: "/").last ?? "")
    }
}
