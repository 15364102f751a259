import Glibc
import Testing

/// The built executable, run on a scenario file to its end.
private struct Run {
    var output: String
    var status: Int32

    /// - Parameters:
    ///   - flags: of `mapedge scenario run`, as a shell takes them; FOLDER is replaced.
    ///   - text: of the file `case.yaml` in the folder.
    init(_ flags: String, _ text: String) throws {
        var template = Array("/tmp/mapedge-scenario-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemFailure(what: "no directory") }
        let folder = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            unlink("\(folder)/case.yaml")
            rmdir(folder)
        }
        guard let file = fopen("\(folder)/case.yaml", "we") else {
            throw SystemFailure(what: "no file")
        }
        fputs(text, file)
        fclose(file)
        let words = flags.replacing("FOLDER", with: folder)
        guard let pipe = popen("'\(try Self.program)' scenario run \(words) 2>&1", "re") else {
            throw SystemFailure(what: "no shell to run mapedge in")
        }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while case let count = fread(&part, 1, part.count, pipe), count > 0 {
            bytes += part[..<count]
        }
        let ended = pclose(pipe)
        output = String(decoding: bytes, as: UTF8.self).replacing(folder, with: "FOLDER")
        status = ended & 0x7F == 0 ? ended >> 8 & 0xFF : -(ended & 0x7F)
    }

    /// Beside the test bundle, where the build puts both.
    private static var program: String {
        get throws {
            guard let path = realpath("/proc/self/exe", nil) else {
                throw SystemFailure(what: "no /proc/self/exe")
            }
            defer { free(path) }
            let folder = String(cString: path).split(separator: "/").dropLast()
            return "/\(folder.joined(separator: "/"))/mapedge"
        }
    }
}

@Suite("mapedge scenario run: files in, differences out, and the exit status says which")
struct CommandTests {
    private static let holds = """
        name: Holds
        steps: [{ get: /a, expect: { status: 404 } }]

        """
    private static let fails = """
        name: Fails
        steps: [{ get: /a, expect: { status: 200 } }]

        """

    @Test("files, directories and patterns are taken", arguments: ["case.yaml", "", "c*.yaml"])
    func places(_ name: String) throws {
        let run = try Run("'FOLDER/\(name)'", Self.holds)
        #expect(run.output == "ok       Holds (1 step)\n1 ok, 0 pending, 0 failed\n")
        #expect(run.status == 0)
    }

    @Test("a scenario that does not hold is status 1, with its place")
    func failing() throws {
        let run = try Run("--seed 5 FOLDER", "\(Self.holds)---\n\(Self.fails)")
        #expect(run.output.contains("FOLDER/case.yaml:5: step 1: GET /a\n    status\n"))
        #expect(run.output.hasSuffix("1 ok, 0 pending, 1 failed\n"))
        #expect(run.status == 1)
    }

    @Test("a program gets a line of JSON for each")
    func json() throws {
        let run = try Run("--json FOLDER/case.yaml", Self.holds)
        let expected =
            #"{"name":"Holds","file":"FOLDER/case.yaml","line":1,"outcome":"ok","steps":1}"#
        #expect(run.output == expected + "\n")
        #expect(run.status == 0)
    }

    @Test("a program gets the difference with its place and both values")
    func jsonDifference() throws {
        let run = try Run("--json FOLDER", Self.fails)
        let difference =
            #""outcome":"failed","steps":1,"difference":{"file":"FOLDER/case.yaml","line":2,"#
            + #""step":1,"action":"GET /a","subject":"status","expected":"200","got":"404","#
            + #""answer":["HTTP/1.1 404 Not Found","#
        #expect(run.output.contains(difference), "\(run.output)")
        #expect(run.output.hasSuffix("]}}\n"))
        #expect(run.status == 1)
    }

    @Test("a case that is pending is named, and no failure")
    func pending() throws {
        let run = try Run("--json FOLDER", "pending: later\n\(Self.fails)")
        #expect(run.output.contains(#""outcome":"pending","steps":1,"reason":"later"}"#))
        #expect(run.status == 0)
    }

    @Test(
        "what cannot be read is status 2 and a line",
        arguments: [
            ("/nowhere.yaml", holds, "there is no scenario file at \"/nowhere.yaml\""),
            ("FOLDER", "", "the file has no scenario"),
            ("FOLDER", "name: [", "this is no YAML"),
            ("FOLDER", "name: A\nsteps: [{ gte: /a }]", "did you mean \"get\"?"),
        ])
    func unreadable(_ flags: String, _ text: String, _ expected: String) throws {
        let run = try Run(flags, text)
        #expect(run.output.contains(expected), "\(run.output)")
        #expect(run.status == 2)
    }
}
