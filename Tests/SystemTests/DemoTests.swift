import Glibc
import Testing
import WireTesting

@testable import mapedge

@Suite("mapedge demo: real tile servers, real data")
struct DemoTests {
    @Test("tiles turn from Miss to Hit, outlive the tile servers, and Ctrl-C leaves nothing behind")
    func wholeLife() throws {
        let demo = try RunningDemo()
        let first = try demo.get(RunningDemo.tile(column: 0))
        #expect(first.status == 200)
        #expect(first.head["Content-Type"] == "image/png")
        #expect(first.head["X-Cache"]?.hasPrefix("Miss") == true)
        let again = try demo.get(RunningDemo.tile(column: 0))
        #expect(again.head["X-Cache"]?.hasPrefix("Hit") == true)
        #expect(again.body == first.body)
        try loadsWhole(demo)

        kill(-demo.groups[0], SIGTERM)
        #expect(demo.child.line(with: "tile server 1 has ended") != nil)
        for column in 1...3 {
            let tile = try demo.get(RunningDemo.tile(column: column))
            #expect(tile.status == 200)
            #expect(tile.head["X-Tile-Server"] == "2")
        }

        kill(-demo.groups[1], SIGTERM)
        #expect(demo.child.line(with: "tile server 2 has ended") != nil)
        #expect(try demo.get(RunningDemo.tile(column: 0)).status == 200)
        let substitute = try demo.get(RunningDemo.tile(column: 9))
        #expect(substitute.status == 503)
        #expect(substitute.head["Content-Type"] == "image/png")

        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit() == 0)
        #expect(access(demo.directory, F_OK) != 0)
        #expect(!LoopbackPort.answers(demo.port))
    }

    /// The page, and all that it names, comes from the demo itself.
    private func loadsWhole(_ demo: RunningDemo) throws {
        let page = try demo.get("/")
        #expect(page.status == 200)
        #expect(page.head["Content-Type"]?.hasPrefix("text/html") == true)
        let named = page.text.matches(of: /(?:src|href)="([^"]*)"/).map { String($0.output.1) }
        #expect(named.allSatisfy { $0.hasPrefix("/") || $0 == "data:," }, "\(named)")
        for (ending, type) in [(".css", "text/css"), (".js", "javascript")] {
            let path = try #require(named.first { $0.hasSuffix(ending) })
            let file = try demo.get(path)
            #expect(file.status == 200 && file.body.count > 1_000)
            #expect(file.head["Content-Type"]?.contains(type) == true)
        }
    }

    @Test("killed without a word, the demo still leaves nothing behind")
    func killed() throws {
        let demo = try RunningDemo()
        demo.child.kill9()
        // The reaper shares the demo's error output, which is over when both are gone.
        #expect(demo.child.line(with: "nobody says this") == nil)
        #expect(access(demo.directory, F_OK) != 0)
        #expect(!LoopbackPort.answers(demo.port))
        for group in demo.groups {
            // Of one that has ended and was not waited for yet, the command line is empty.
            #expect(((try? readFile("/proc/\(group)/cmdline")) ?? "").isEmpty)
        }
    }

    @Test(
        "what keeps the demo from starting is said in its words, and nothing is left behind",
        arguments: [
            (["--data", "/proc/nowhere"], "demo: the map data could not be built (exit status"),
            (["--listen", "192.0.2.1:0"], "demo: the edge has ended (exit status"),
        ])
    func cannotStart(_ arguments: [String], _ reason: String) throws {
        let demo = try RunningDemo.start(arguments)
        #expect(demo.line(with: reason) != nil)
        #expect(demo.waitForExit() == 1)
    }

    @Test(
        "an address that is none is refused with what to write",
        arguments: ["8080", "127.0.0.1", ":8080", "127.0.0.1:eighty", "127.0.0.1:99999"])
    func badAddress(_ text: String) {
        #expect {
            try DemoAddresses(DemoOptions(listen: text))
        } throws: { error in
            "\(error)"
                == "demo: --listen \"\(text)\" is no address; write HOST:PORT, such as 127.0.0.1:8080"
        }
    }

    @Test("a port that is taken is named before anything starts")
    func takenPort() throws {
        let origin = try Origin()
        let addresses = try DemoAddresses(DemoOptions(listen: "127.0.0.1:\(origin.port)"))
        #expect {
            try addresses.refuseTaken()
        } throws: { error in
            "\(error)".hasPrefix("demo: something listens on 127.0.0.1:\(origin.port) already;")
        }
    }

    @Test("recipes that are not there are named with the places looked at")
    func missingRecipes() {
        #expect {
            try DemoTools(recipes: "/nowhere")
        } throws: { error in
            "\(error)".hasPrefix("demo: the demo's recipes are not in /nowhere;")
        }
    }

    @Test("a program that cannot be started says why")
    func missingProgram() {
        #expect {
            try DemoProcess(["/nowhere/program"], output: .inherited)
        } throws: { error in
            "\(error)".contains("cannot be started (No such file or directory)")
        }
    }

    @Test("a server that ends at once is reported with the end of its log")
    func endsAtOnce() throws {
        let directory = try TemporaryDirectory()
        let log = directory.file("log")
        let process = try DemoProcess(
            ["/bin/sh", "-c", "echo no such map; exit 3"], output: .file(log))
        let server = DemoServer(name: "the map", process: process, log: log)
        var taken: Set<UInt16> = []
        let port = try LoopbackPort.free(&taken)
        #expect {
            try server.wait(for: .port(port))
        } throws: { error in
            "\(error)" == """
                demo: the map has ended (exit status 3); the end of its log:
                no such map
                ; mend what the log names, then start the demo again
                """
        }
    }

    @Test(
        "names between @ signs are filled in, others stay",
        arguments: [
            ("a@KEY@b", "avalueb"), ("@KEY@@KEY@", "valuevalue"), ("a@b", "a@b"),
            ("@OTHER@KEY@", "@OTHERvalue"), ("me@here.org @KEY@", "me@here.org value"), ("@", "@"),
        ])
    func fill(_ text: String, _ filled: String) {
        #expect(DemoDirectory.fill(text, ["KEY": "value"]) == filled)
    }
}

/// The demo on free ports, with the map data that `make run` uses too.
final class RunningDemo: Sendable {
    let child: Child
    let port: UInt16
    let adminPort: UInt16
    /// The tile servers' process groups.
    let groups: [pid_t]
    /// Where the run writes.
    let directory: String

    init() throws {
        child = try Self.start([])
        _ = child.line(with: "Ctrl-C ends everything")
        let log = child.log
        port = try #require(words(of: "open  http", in: log).last.flatMap { UInt16($0) })
        adminPort = try #require(
            words(of: "/status     origins", in: log).compactMap { UInt16($0) }.first)
        groups = words(of: "kill -- ", in: log).compactMap { pid_t($0) }.map { -$0 }
        directory = String(
            words(of: "of this run are in", in: log, cutAt: " ").last?.dropLast() ?? "")
        try #require(groups.count == 2)
    }

    static func start(_ arguments: [String]) throws -> Child {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let defaults = [
            "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", "/\(root)/demo-data",
        ]
        // What it says is read where errors are: both go to one place.
        return try Child(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" 1>&2", Edge.program, "demo"] + defaults + arguments)
    }

    func get(_ path: String) throws -> Response {
        try Viewer.ask(path, at: port, host: "demo.test")
    }

    /// The map servers as `/status` shows them.
    func members() throws -> [JSON] {
        let answer = try Viewer.ask("/status", at: adminPort, host: "localhost")
        return try JSON(answer.text)["origins"]?.elements.first?["members"]?.elements ?? []
    }

    /// A tile of the base map at zoom 4, by its column.
    static func tile(column: Int) -> String {
        let side = 2_504_688.542_848_654
        let west = -20_037_508.342_789_244 + Double(column) * side
        return "/geoserver/base/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap"
            + "&LAYERS=countries,cities&STYLES=&SRS=EPSG:3857"
            + "&BBOX=\(west),2504688.542848654,\(west + side),5009377.085697312"
            + "&WIDTH=256&HEIGHT=256&FORMAT=image/png"
    }
}

/// The words of the last line with a mark.
private func words(of mark: String, in log: [String], cutAt ends: String = " /:") -> [Substring] {
    log.last { $0.contains(mark) }?.split { ends.contains($0) } ?? []
}
