import Glibc
import Testing
import WireTesting

/// A command that was run to its end.
struct CommandRun {
    let status: Int?
    let output: [String]
    let errors: String

    init(_ words: [String], _ directory: TemporaryDirectory) throws {
        let file = directory.file("output-\(Serial.next())")
        let child = try Child(Edge.program, words, output: file)
        status = child.waitForExit()
        errors = child.wholeLog
        output = try readFile(file).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }
}

@Suite("mapedge log")
struct LogCommandTests {
    private static func line(_ path: String, _ status: Int) -> String {
        #"{"time":1575493352.042,"c-ip":"::1","cs-method":"GET","x-host-header":"h","#
            + #""cs-uri-stem":"\#(path)","sc-status":\#(status),"x-edge-result-type":"Miss"}"#
            + "\n"
    }

    @Test("the edge's own log reads as columns and as JSON, filtered")
    func own() throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60"))
        let directory = try TemporaryDirectory()
        let log = directory.file("access.log")
        let edge = try Edge(origin: origin.url, arguments: ["--access-log", log])
        for _ in 0..<2 { _ = try edge.get(room.path("a")) }
        _ = eventually {
            ((try? readFile(log)) ?? "").split(separator: "\n").count == 2 ? true : nil
        }
        let table = try CommandRun(["log", log], directory)
        #expect(table.status == 0 && table.output.count == 4 && table.errors.isEmpty)
        #expect(table.output[1].contains(" Miss ") && table.output[2].contains(" Hit "))
        let hits = try CommandRun(["log", log, "--result", "hit", "--json"], directory)
        #expect(hits.output.count == 2)
        #expect(try JSON(hits.output[0])["x-edge-result-type"]?.text == "Hit")
        let none = try CommandRun(["log", log, "--status", "5xx"], directory)
        #expect(none.status == 0 && none.output == [""])
    }

    @Test("--follow tells what is added, also after a rotation and in a file that was emptied")
    func follow() throws {
        let directory = try TemporaryDirectory()
        let log = try directory.write("access.log", Self.line("/first", 200))
        let output = directory.file("followed")
        let child = try Child(Edge.program, ["log", "--follow", log], output: output)
        func awaits(_ path: String) -> Bool {
            eventually {
                ((try? readFile(output)) ?? "").contains("h\(path)\n") ? true : nil
            } == true
        }
        #expect(awaits("/first"))
        let half = Self.line("/second", 200)
        let fd = open(log, O_WRONLY | O_APPEND)
        _ = half.utf8CString.withUnsafeBytes { write(fd, $0.baseAddress, 20) }
        _ = half.utf8CString.withUnsafeBytes {
            write(fd, $0.baseAddress?.advanced(by: 20), $0.count - 21)
        }
        close(fd)
        #expect(awaits("/second"))
        #expect(rename(log, log + ".1") == 0)
        _ = try directory.write("access.log", Self.line("/third", 404))
        #expect(awaits("/third"))
        #expect(truncate(log, 0) == 0)
        #expect(
            eventually { () -> Bool? in
                _ = try? directory.write("access.log", Self.line("/4", 200))
                return ((try? readFile(output)) ?? "").contains("h/4\n") ? true : nil
            } == true)
        #expect(child.isRunning)
    }

    @Test(
        "mistakes are one line and a status",
        arguments: [
            (["log", "/nowhere"], 1, "cannot be opened"),
            (["log", "--status", "x", "/dev/null"], 2, "is no status"),
            (["log", "--follow"], 2, "--follow needs one FILE or DIRECTORY"),
            (["log", "--follow", "-"], 2, "--follow needs one FILE or DIRECTORY"),
        ])
    func mistakes(_ words: [String], _ status: Int, _ expected: String) throws {
        let run = try CommandRun(words, TemporaryDirectory())
        #expect(run.status == status)
        #expect(run.errors.contains(expected) && !run.errors.contains("\n"))
    }

    @Test("--follow reads a compressed log as it grows, and waits for half a member's rest")
    func compressed() throws {
        let directory = try TemporaryDirectory()
        func member(_ path: String) throws -> [UInt8] { try Self.member(path, in: directory) }
        let log = try directory.write("a.gz", bytes: try member("/first"))
        let output = directory.file("followed")
        let child = try Child(Edge.program, ["log", "--follow", log], output: output)
        let fd = open(log, O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(fd) }
        var size = try readBytes(log).count
        func add(_ bytes: ArraySlice<UInt8>) {
            size += bytes.withUnsafeBytes { write(fd, $0.baseAddress, $0.count) }
        }
        func awaits(_ path: String) -> Bool {
            eventually {
                ((try? readFile(output)) ?? "").contains("h\(path)\n") ? true : nil
            } == true
        }
        /// Whether it comes to have read so many bytes of the file.
        func isRead(to size: Int) -> Bool {
            eventually {
                (3..<64).contains {
                    (try? readFile("/proc/\(child.pid)/fdinfo/\($0)"))?
                        .hasPrefix("pos:\t\(size)\n") == true
                } ? true : nil
            } == true
        }
        #expect(awaits("/first"))
        let second = try member("/second")
        add(second.prefix(second.count / 2))
        #expect(isRead(to: size))
        #expect(!(try readFile(output)).contains("/second"))
        add(second.dropFirst(second.count / 2))
        #expect(awaits("/second"))
        // A disk that took half a member: the edge cuts it off again.
        let whole = size
        add(second.prefix(second.count - 9))
        #expect(isRead(to: size) && ftruncate(fd, off_t(whole)) == 0 && isRead(to: whole))
        add(try member("/third")[...])
        #expect(awaits("/third"))
        // And anew from its start, when it was emptied.
        #expect(ftruncate(fd, 0) == 0 && isRead(to: 0))
        add(try member("/fourth")[...])
        #expect(awaits("/fourth") && child.isRunning)
        let told = try readFile(output).split(separator: "\n").filter { $0.contains("/first") }
        #expect(told.count == 1)
        add([0x1F, 0x8B, 9, 0])
        #expect(child.waitForExit() == 1 && child.wholeLog.contains("it is damaged"))
    }

    /// A line as a gzip member.
    private static func member(_ path: String, in directory: TemporaryDirectory) throws -> [UInt8] {
        let name = "member-\(Serial.next())"
        let plain = try directory.write("\(name).plain", line(path, 200))
        let child = try Child("/bin/gzip", ["-c", plain], output: directory.file(name))
        try #require(child.waitForExit() == 0)
        return try readBytes(directory.file(name))
    }

    @Test("--follow goes on to the next hour's file of a standard log", arguments: [true, false])
    func hours(_ namesDirectory: Bool) throws {
        let (directory, parts) = (try TemporaryDirectory(), try TemporaryDirectory())
        func write(_ name: String, _ path: String) throws -> String {
            try directory.write(name, bytes: try Self.member(path, in: parts))
        }
        func add(_ file: String, _ path: String) throws {
            let bytes = try Self.member(path, in: parts)
            let fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC)
            defer { close(fd) }
            #expect(bytes.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) } > 0)
        }
        _ = try write("E1.2019-12-04-20.A.gz", "/older")
        let first = try write("E1.2019-12-04-21.B.gz", "/first")
        let output = parts.file("followed")
        let place = namesDirectory ? directory.path : first
        let child = try Child(Edge.program, ["log", "--follow", place], output: output)
        func awaits(_ path: String) -> Bool {
            eventually {
                ((try? readFile(output)) ?? "").contains("h\(path)\n") ? true : nil
            } == true
        }
        #expect(awaits("/first"))
        _ = try directory.write("notes.txt", "no log")
        _ = try write("E2.2019-12-04-22.C.gz", "/another")
        // Nothing was logged for hours.
        let second = try write("E1.2019-12-05-00.D.gz", "/second")
        #expect(awaits("/second"))
        try add(first, "/late")
        try add(second, "/third")
        #expect(awaits("/late") && awaits("/third"))
        // A log that is begun anew within its hour.
        _ = try write("E1.2019-12-05-00.C.gz", "/fourth")
        #expect(awaits("/fourth"))
        _ = try write("E1.2019-12-05-01.A.gz", "/fifth")
        #expect(awaits("/fifth") && child.isRunning)
        let told = try readFile(output)
        #expect(!told.contains("/older") && told.contains("/another") == namesDirectory)
        #expect(told.split(separator: "\n").count == (namesDirectory ? 8 : 7))
    }
}
