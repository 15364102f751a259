import Glibc
import Testing
import WireTesting

/// A site in Django with sessions, forms, messages and languages, and an edge before it.
final class StorySite {
    /// One for all tests: what they write differs.
    private static let stories = Result { () throws -> StandIn in
        try StandIn("Stories", [], python: try #require(packagedPython))
    }

    let edge: Edge
    private let directory: TemporaryDirectory

    init(behavior: String = "", sections: [String] = []) throws {
        let stories = try Self.stories.get()
        directory = try TemporaryDirectory()
        let text = Configured.text(
            members: ["http://127.0.0.1:\(stories.port)"],
            sections: [
                "behaviors: [{ path: \"*\", class: pages, languages: [en, de]\(behavior) }]"
            ] + sections)
        edge = try Edge(
            origin: nil, mode: "cloudfront", loops: 2, arguments: ["--clock", "manual"],
            configuration: text, directory: directory)
    }

    var browser: Browser { Browser(port: edge.port) }

    /// A browser in which somebody has signed in.
    func browser(of name: String) throws -> Browser {
        let browser = self.browser
        #expect(try browser.submit("/login", to: "/login", name).status == 302)
        return browser
    }

    /// Ends the edge; whether the text is anywhere in what it has stored.
    func storeHolds(_ text: String) throws -> Bool {
        edge.child.signal(SIGTERM)
        _ = edge.child.waitForExit()
        let found = try directory.run(
            "/usr/bin/env", ["grep", "-raFq", text, directory.file("cache")])
        return found.exit == 0
    }

    func advance(_ seconds: Int) throws {
        _ = try edge.admin("/clock/advance?by=\(seconds)s", method: "POST")
    }
}

/// Somebody's cookies, and what they read best; each request has a connection of its own, so that
/// all loops have their turn.
final class Browser {
    let port: UInt16
    var cookies: [String: String] = [:]
    var language = "en"

    init(port: UInt16) { self.port = port }

    /// Asks, and keeps the cookies that come.
    func get(_ path: String, _ fields: String...) throws -> Response {
        try send("GET", path, fields, "")
    }

    func head(_ path: String) throws -> Response { try send("HEAD", path, [], "") }

    /// Fills the form of one page in and sends it to another.
    func submit(_ form: String, to path: String, _ text: String) throws -> Response {
        let page = try get(form).text
        let value = page.split(separator: "csrfmiddlewaretoken\" value=\"").dropFirst().first
        let token = try #require(value?.prefix { $0 != "\"" }, "\(page)")
        return try post(path, "csrfmiddlewaretoken=\(token)&text=\(text)")
    }

    func post(_ path: String, _ body: String, _ fields: String...) throws -> Response {
        try send(
            "POST", path, fields + ["Content-Type: application/x-www-form-urlencoded"], body)
    }

    private func send(
        _ method: String, _ path: String, _ fields: [String], _ body: String
    ) throws -> Response {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: stories.test", "Connection: close"]
        lines += ["Accept-Language: \(language)"] + fields
        let pairs = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if !pairs.isEmpty { lines.append("Cookie: " + pairs.joined(separator: "; ")) }
        if method == "POST" { lines.append("Content-Length: \(body.utf8.count)") }
        var viewer = try Viewer(port: port)
        let response = try viewer.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        for line in response.head.values("Set-Cookie") {
            let pair = line.split(separator: ";")[0].split(separator: "=", maxSplits: 1)
            let isOver = line.contains("Max-Age=0")
            cookies[String(pair[0])] = isOver || pair.count < 2 ? nil : String(pair[1])
        }
        return response
    }
}
