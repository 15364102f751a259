import Glibc
import Testing

/// The built executable, run to its end.
private struct Run {
    var output: String
    var status: Int32
    var lines: [Substring] { output.split(separator: "\n") }

    /// - Parameters:
    ///   - arguments: as a shell takes them.
    ///   - input: what it reads from standard input; without quotes.
    init(
        _ arguments: String, input: String = "", streams: String = "2>&1 1>/dev/null"
    ) throws {
        let command = "printf '%s' '\(input)' | '\(try Self.program)' \(arguments) \(streams)"
        guard let pipe = popen(command, "re") else {
            throw Unprepared(what: "no shell to run mapedge in")
        }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while case let count = fread(&part, 1, part.count, pipe), count > 0 {
            bytes += part[..<count]
        }
        let ended = pclose(pipe)
        output = String(decoding: bytes, as: UTF8.self)
        status = ended & 0x7F == 0 ? ended >> 8 & 0xFF : -(ended & 0x7F)
    }

    /// Beside the test bundle, where the build puts both.
    private static var program: String {
        get throws {
            guard let path = realpath("/proc/self/exe", nil) else {
                throw Unprepared(what: "no /proc/self/exe")
            }
            defer { free(path) }
            let folder = String(cString: path).split(separator: "/").dropLast()
            return "/\(folder.joined(separator: "/"))/mapedge"
        }
    }
}

@Suite("Command line: exit statuses, and errors of one line on standard error")
struct CommandLineTests {
    @Test(
        "a mistake on the command line is one line and exit status 2",
        arguments: [
            ("serve --lisen x", "did you mean '--listen'"),
            ("serve --origin http://127.0.0.1:1 extra", "extra"),
            ("serve --mode x --origin http://127.0.0.1:1", "use one of cloudfront, rfc9111"),
            ("serve", "there is no origin to ask"),
            ("check --config /nowhere.yaml", "--config: /nowhere.yaml cannot be opened"),
            ("cache stat", "--cache"),
            ("status --admin nonsense", "has no valid port"),
            ("clock advance soon", "the duration is \"soon\", which is no duration"),
            ("clock set yesterday", "the time is \"yesterday\", which is no time"),
            ("clock show --admin nonsense", "has no valid port"),
            ("frobnicate", "'frobnicate' is no command; see \"mapedge help\""),
            ("sreve --loops 1", "'sreve' is no command. Did you mean 'serve'?; see"),
            ("cache stta", "'stta' is no command. Did you mean 'stat'?; see \"mapedge help c"),
            ("cache verfy --cache /x", "Did you mean 'verify'?; see \"mapedge help cache\""),
            ("serve --foo", "unknown option '--foo'; see \"mapedge help serve\""),
        ])
    func usage(_ arguments: String, _ expected: String) throws {
        let run = try Run(arguments)
        #expect(run.status == 2)
        #expect(run.lines.count == 1)
        #expect(run.output.lowercased().contains(expected.lowercased()), "\(run.output)")
    }

    @Test(
        "a failure at run time is one line and exit status 1",
        arguments: [
            ("status --admin unix:/nowhere/admin.sock", "start one with \"mapedge serve\""),
            ("reload --admin unix:/nowhere/admin.sock", "start one with \"mapedge serve\""),
            ("clock show --admin unix:/nowhere/admin.sock", "start one with \"mapedge serve\""),
            ("clock advance 1h --admin unix:/nowhere/admin.sock", "\"mapedge serve\""),
            ("clock set 2026-12-01T00:00:00Z --admin unix:/nowhere/a.sock", "\"mapedge serve\""),
            ("cache stat --cache /nowhere", "there is no cache"),
            ("cache verify --cache /nowhere", "/nowhere"),
            ("cache compact --cache /nowhere", "/nowhere"),
            (
                "serve --origin http://127.0.0.1:1 --admin 127.0.0.1:0 --cache /proc/nowhere",
                "/proc/nowhere"
            ),
            (
                "serve --origin http://127.0.0.1:1 --admin unix:/nowhere/admin.sock",
                "create the directory of that path"
            ),
        ])
    func failure(_ arguments: String, _ expected: String) throws {
        let run = try Run(arguments)
        #expect(run.status == 1)
        #expect(run.lines.filter { $0.hasPrefix("mapedge: ") }.count == 1)
        #expect(run.output.contains(expected), "\(run.output)")
    }

    @Test("check tells every mistake in one go, with exit status 2")
    func check() throws {
        let run = try Run("check --config /dev/stdin", input: "{ moed: x, loops: -1, role: y }")
        #expect(run.status == 2)
        #expect(run.lines.count == 4)
        #expect(run.lines.allSatisfy { $0.hasPrefix("/dev/stdin:1: ") })
    }

    @Test(
        "check warns of what would not start on this machine, and of nothing else it cannot know",
        arguments: [
            ("accessLog: { path: /nonexistent/a }", "accessLog.path needs the directory"),
            ("accessLog: { path: /tmp }", "accessLog.path is a directory"),
            ("cache: { directory: /proc/nope }", "cache.directory needs \"/proc/nope\""),
            ("cache: { directory: /etc/passwd/a }", "cache.directory needs \"/etc/passwd/a\""),
            ("listen: [\"192.0.2.1:80\"]", "listen has 192.0.2.1:80, which cannot"),
            ("listen: [\"unix:/nonexistent/a\"]", "listen needs the directory \"/nonexistent\""),
        ])
    func machine(_ line: String, _ expected: String) throws {
        let file = "\(line)\norigins: { default: { members: [\"http://127.0.0.1:1\"] } }\n"
        let run = try Run("check --config /dev/stdin", input: file)
        #expect(run.status == 0)
        #expect(run.lines.count == 1, "\(run.output)")
        let begin = "/dev/stdin:1: warning: on this machine \(expected)"
        #expect(run.output.hasPrefix(begin), "\(run.output)")
    }

    @Test("check finds nothing in the shipped file")
    func shipped() throws {
        let run = try Run("check --config '\(ProjectFiles.shippedConfiguration)'")
        #expect(run.status == 0)
        #expect(run.output == "")
    }

    @Test(
        "help and version go to standard output, with exit status 0",
        arguments: [
            ("--help", "SUBCOMMANDS"), ("help serve", "--stop-deadline"), ("--version", "."),
            ("cache --help", "compact"), ("clock --help", "advance"), ("help demo", "--data"),
            ("", "USAGE"),
        ])
    func help(_ arguments: String, _ expected: String) throws {
        let run = try Run(arguments, streams: "2>/dev/null")
        #expect(run.status == 0)
        #expect(run.output.contains(expected))
    }

    @Test("every flag of serve is a key that the shipped file names")
    func flagsAreDocumented() throws {
        let help = try Run("help serve", streams: "2>/dev/null").output
        let shipped = try ProjectFiles.text(ProjectFiles.shippedConfiguration)
        let flags = help.split { " \n".contains($0) }.filter { $0.hasPrefix("--") }
            .map { $0.filter { $0.isLetter || $0 == "-" } }
        let own: Set = ["--config", "--version", "--help"]
        for flag in Set(flags).subtracting(own) {
            #expect(shipped.contains("Flag: \(flag)"), "\(flag)")
        }
        #expect(flags.count > 15)
    }
}
