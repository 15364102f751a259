import Glibc

/// What the demo may be told; the defaults are what `make run` uses.
struct DemoOptions: Sendable {
    /// Where the edge serves viewers. Port 0 takes a free one.
    var listen = "127.0.0.1:8080"
    /// Where the edge serves its operator. Port 0 takes a free one.
    var admin = "127.0.0.1:8081"
    /// Where the map data is built once and kept.
    var dataDirectory = "demo-data"
    /// The folder with the demo's recipes; nil looks beside the sources and the executable.
    var recipeDirectory: String?
}

/// Real tile servers, a page application and the edge in front of them, in one command.
///
/// Everything the demo starts is a process group of its own, is written to one temporary
/// directory, and is ended and removed by `DemoReaper` however the demo ends.
struct DemoRunner {
    private let options: DemoOptions
    private let tools: DemoTools
    private let signals = DemoSignals()

    init(_ options: DemoOptions) throws(DemoError) {
        self.options = options
        tools = try DemoTools(recipes: options.recipeDirectory)
    }

    /// Runs until a signal asks for the end (Ctrl-C, SIGTERM, SIGHUP), then puts everything away.
    ///
    /// Takes the calling thread; no other thread may exist yet, since signals are masked here for
    /// all that come later.
    func run() throws(DemoError) {
        signals.hold()
        guard try buildData() else { return }
        let run = try DemoDirectory()
        let reaper = try DemoReaper(tools: tools, directory: run.path)
        let outcome: Result<Void, DemoError>
        do throws(DemoError) {
            outcome = .success(try serve(in: run, endedBy: reaper))
        } catch {
            outcome = .failure(error)
        }
        reaper.finish()
        try outcome.get()
    }

    /// Builds the map data where it is missing; false when a signal came first.
    private func buildData() throws(DemoError) -> Bool {
        let builder = try DemoProcess(
            [tools.recipe("build-data.sh"), options.dataDirectory], output: .inherited)
        while true {
            if let status = builder.exitStatus() {
                if status == 0 { return true }
                throw DemoError(
                    problem: "the map data could not be built (exit status \(status))",
                    remedy: "see the lines above; conf/install-packages.sh installs what it needs")
            }
            if signals.wait(milliseconds: 1_000) == .end {
                builder.endGroup()
                return false
            }
        }
    }

    private func serve(in run: DemoDirectory, endedBy reaper: DemoReaper) throws(DemoError) {
        let addresses = try DemoAddresses(options)
        try addresses.refuseTaken()
        let values = addresses.values.merging(
            ["RUN": run.path, "DATA": try absolutePath(options.dataDirectory)]
        ) { _, new in new }
        for name in ["common.inc", "base.map", "geonode.map", "mapserver.conf", "mapedge.yaml"] {
            try run.render(tools.recipe(name), as: name, values)
        }

        var tileServers: [DemoTileServer] = []
        for (index, port) in addresses.tileServers.enumerated() {
            let number = index + 1
            let configuration = "lighttpd-\(number).conf"
            let its = ["NUMBER": "\(number)", "PORT": "\(port)"]
            try run.render(
                tools.recipe("lighttpd.conf"), as: configuration,
                values.merging(its) { _, new in new })
            var server = DemoTileServer(
                number: number, port: port,
                command: [tools.lighttpd, "-D", "-f", "\(run.path)/\(configuration)"],
                log: "\(run.path)/maps-\(number).out")
            try server.start(reaper)
            tileServers.append(server)
        }
        let pages = try start(
            "the page application",
            [tools.python, "-I", tools.recipe("pages.py"), "\(addresses.pages)"],
            log: "\(run.path)/pages.log", until: .port(addresses.pages), reaper)
        let edge = try start(
            "the edge", [tools.executable, "serve", "--config", "\(run.path)/mapedge.yaml"],
            log: "\(run.path)/edge.log", until: .logged("listening on http"), reaper)

        say(DemoText.welcome(addresses: addresses, run: run.path, tileServers: tileServers))
        try watch(&tileServers, others: [pages, edge], reaper)
        say("\nending the demo")
    }

    /// Starts one server and waits until it serves.
    private func start(
        _ name: String, _ command: [String], log: String, until sign: DemoServer.Sign,
        _ reaper: DemoReaper
    ) throws(DemoError) -> DemoServer {
        let process = try DemoProcess(command, output: .file(log))
        reaper.add(group: process.id)
        let server = DemoServer(name: name, process: process, log: log)
        try server.wait(for: sign)
        return server
    }

    /// Returns at the signal to end; a tile server that has ended is started again after a while.
    private func watch(
        _ tileServers: inout [DemoTileServer], others: [DemoServer], _ reaper: DemoReaper
    ) throws(DemoError) {
        while signals.wait(milliseconds: 500) != .end {
            for server in others {
                if server.process.exitStatus() != nil { throw server.hasEnded() }
            }
            for index in tileServers.indices {
                try tileServers[index].look(reaper)
            }
        }
    }
}

/// Writes a line to standard output at once, also where that is a file or a pipe.
func say(_ text: String) {
    var bytes = Array((text + "\n").utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        bytes = bytes.dropFirst(count)
    }
}

private func absolutePath(_ path: String) throws(DemoError) -> String {
    guard let resolved = realpath(path, nil) else {
        throw DemoError(
            problem: "\"\(path)\" cannot be found (\(lastSystemError()))",
            remedy: "name a directory that can be written with --data")
    }
    defer { free(resolved) }
    return String(cString: resolved)
}
