import ArgumentParser
import Control
import Dispatch
import Glibc
import Reactor
import Simulation

/// `mapedge scenario record`
struct ScenarioRecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Turn what happens on a running edge into a scenario.",
        discussion: """
            Records until Ctrl-C, or for as long as --for says: what viewers ask and get, what \
            origins are asked and answer, invalidations, and the time between them. With --last it \
            takes what has passed already, as far as the edge keeps it: in role twin, or where \
            limits.lookBack is given. The file has \
            the distribution or configuration in force, so that "mapedge scenario run" plays it \
            without the edge and its origins. It is played before the command ends: a step that \
            does not come out as it was is left out, and said.

            The edge keeps a recording in memory only: 32 MiB and 1,000 requests at most. Cookies, \
            Authorization, tokens and the bodies near them are replaced, the same one by the same \
            word, so that what differed differs still.

            Exit status 1 when the edge cannot be asked, or when nothing is left that comes out \
            the same; the file is written all the same.

            Example:
              mapedge scenario record --path '/geoserver*' --out case.yaml
              mapedge scenario record --last 5m --out case.yaml
            """)

    @OptionGroup var options: AdminOptions

    @Option(help: ArgumentHelp("Where to write; standard output without it.", valueName: "FILE"))
    var out: String?

    @Option(
        name: .customLong("for"), help: ArgumentHelp("How long: 30s, 5m.", valueName: "DURATION"))
    var duration: String?

    @Option(
        help: ArgumentHelp("Take what has passed, so far back: 30s, 5m.", valueName: "DURATION"))
    var last: String?

    @Option(
        help: ArgumentHelp(
            "Keep only requests for this path; with a * at its end, for all that begin so.",
            valueName: "PATH"))
    var path: String?

    @Option(help: ArgumentHelp("What the scenario is called.", valueName: "NAME"))
    var name: String?

    @Flag(help: "Write credentials as they are.")
    var withSecrets = false

    func run() throws {
        if last != nil, duration != nil {
            throw Failure(
                lines: ["mapedge: --last is about what has passed; leave --for out"], status: 2)
        }
        let (limit, before) = (try time(duration), try time(last))
        let client = try options.client()
        let text: String
        do {
            if let before {
                text = try client.lookBack(
                    last: before, named: name, pattern: path, showsSecrets: withSecrets)
            } else {
                text = try record(by: client, limit)
            }
        } catch {
            throw Failure.running(error)
        }
        try finish(text)
    }

    private func time(_ text: String?) throws -> Int64? {
        do {
            return try text.flatMap { text -> Int64? in
                guard case .advance(let time) = try ClockMove(advance: text) else { return nil }
                guard time > 0 else {
                    throw Failure(
                        lines: ["mapedge: nothing happens in \(text); write 30s or 5m"], status: 2)
                }
                return time
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(lines: ["mapedge: \(error)"], status: 2)
        }
    }

    private func record(by client: AdminClient, _ limit: Int64?) throws -> String {
        let isOver = DispatchSemaphore(value: 0)
        let signals = Signals([SIGINT, SIGTERM]) { _ in isOver.signal() }
        defer { signals.cancel() }
        try client.beginRecording()
        writeErrorLine("recording; end it with Ctrl-C")
        if let limit {
            _ = isOver.wait(timeout: .now() + .milliseconds(Int(limit)))
        } else {
            isOver.wait()
        }
        return try client.endRecording(named: name, pattern: path, showsSecrets: withSecrets)
    }

    private func write(_ text: String) throws {
        guard let out else { return print(text, terminator: "") }
        do { try writeTextFile(text, to: out) } catch { throw Failure.running(error) }
    }

    /// Says what comes of it, so that nobody is surprised later.
    private func finish(_ text: String) throws {
        let held: HeldRecording
        do { held = try HeldRecording(text, named: out ?? "recorded.yaml") } catch {
            try write(text)
            throw Failure.running(error)
        }
        try write(held.text)
        for line in held.leftOut { writeErrorLine("left out, \(line)") }
        guard held.objections.isEmpty else {
            throw Failure(
                lines: held.steps == 0
                    ? held.objections.map { "mapedge: \($0)" }
                    : ["mapedge: what was recorded does not come out the same when it is played:"]
                        + held.objections, status: 1)
        }
        writeErrorLine("\(held.steps) steps; it holds when it is played")
    }
}
