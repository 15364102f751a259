import Glibc

/// A process of the demo that others connect to.
struct DemoServer {
    var name: String
    var process: DemoProcess
    var log: String

    /// How one sees that it serves.
    enum Sign {
        case port(UInt16)
        case logged(String)
    }

    /// Waits for the sign, ten seconds at most.
    func wait(for sign: Sign) throws(DemoError) {
        for _ in 0..<500 {
            switch sign {
            case .port(let port): if LoopbackPort.answers(port) { return }
            case .logged(let text): if try DemoDirectory.text(of: log).contains(text) { return }
            }
            if process.exitStatus() != nil { throw hasEnded() }
            usleep(20_000)
        }
        throw DemoError(
            problem: "\(name) does not answer; the end of its log:\n\(endOfLog())",
            remedy: "mend what the log names, then start the demo again")
    }

    func hasEnded() -> DemoError {
        let status = process.exitStatus() ?? 0
        return DemoError(
            problem: """
                \(name) has ended (exit status \(status)); the end of its log:
                \(endOfLog())
                """,
            remedy: "mend what the log names, then start the demo again")
    }

    /// The log's last kilobyte.
    private func endOfLog() -> String {
        guard let text = try? DemoDirectory.text(of: log), !text.isEmpty else {
            return "  (the log is empty)"
        }
        return String(decoding: text.utf8.suffix(1_024), as: UTF8.self)
    }
}

/// One of the two tile servers: it may be stopped by whoever watches, and comes back.
struct DemoTileServer {
    /// Seconds between the end of a tile server and its new start: time to look at the map.
    static let absence = 30

    let number: Int
    let port: UInt16
    let command: [String]
    let log: String
    private(set) var server: DemoServer?
    /// Monotonic seconds at which it is started again; nil while it runs.
    private var returns: Int?

    init(number: Int, port: UInt16, command: [String], log: String) {
        self.number = number
        self.port = port
        self.command = command
        self.log = log
    }

    /// The process group that a reader of the welcome may stop.
    var group: pid_t { server?.process.id ?? 0 }

    mutating func start(_ reaper: DemoReaper) throws(DemoError) {
        let process = try DemoProcess(command, output: .file(log))
        reaper.add(group: process.id)
        let new = DemoServer(name: "tile server \(number)", process: process, log: log)
        try new.wait(for: .port(port))
        server = new
        returns = nil
    }

    /// Notices an end, and starts the server again when it has been away long enough.
    mutating func look(_ reaper: DemoReaper) throws(DemoError) {
        let now = monotonicSeconds()
        if let returns {
            guard now >= returns else { return }
            try start(reaper)
            say("tile server \(number) is back; stop it again with: kill -- -\(group)")
        } else if let server, server.process.exitStatus() != nil {
            // lighttpd's FastCGI children outlive it and would keep their sockets.
            server.process.endGroup()
            reaper.remove(group: group)
            returns = now + Self.absence
            say(
                """
                tile server \(number) has ended: what is cached needs none, new tiles come from \
                one that runs. It comes back in \(Self.absence) s
                """)
        }
    }
}

private func monotonicSeconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec
}
