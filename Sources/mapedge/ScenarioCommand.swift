import ArgumentParser
import Control
import Simulation

/// `mapedge scenario`
struct ScenarioCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenario",
        abstract: "Play caching cases that are written down as files, and write them.",
        subcommands: [ScenarioRunCommand.self, ScenarioRecordCommand.self])
}

/// `mapedge scenario run`
struct ScenarioRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Play scenarios and show the first difference of each.",
        discussion: """
            A scenario is a YAML document: what an origin answers, what viewers ask, how time \
            passes, and what must come of it. It runs on the real data plane with a simulated \
            clock, network and disk, without a port, in milliseconds. Tests/Scenarios has one for \
            each rule of CloudFront's that this edge follows; Scenarios in the documentation tells \
            all keys.

              name: An entry is fresh for its max-age
              steps:
                - origin: { path: /a, headers: { Cache-Control: max-age=10 }, body: one }
                - get: /a
                  expect: { status: 200, x-cache: Miss, origin: { requests: 1 } }
                - advance: 9s
                - get: /a
                  expect: { x-cache: Hit, headers: { Age: 9 }, origin: { requests: 0 } }

            Exit status 1 when one of them does not hold, 2 when one cannot be read.
            """)

    @Argument(help: ArgumentHelp("Files, directories or patterns.", valueName: "FILE"))
    var files: [String]

    @Flag(help: "Print a JSON object for each scenario.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Decides the order of what happens at the same time.", valueName: "N"))
    var seed: UInt64 = 1

    func run() throws {
        let reading = ScenarioReading.read(files)
        guard reading.isUsable else { throw Failure.configuration(reading.findings) }
        var tally = ScenarioTally()
        for scenario in reading.scenarios {
            do {
                let report = try ScenarioRun(scenario, seed: seed, trace: Simulation.trace).run()
                tally.add(report)
                print(json ? report.json : report.text)
            } catch {
                throw Failure.running(error)
            }
        }
        if !json { print(tally.text) }
        if tally.failed > 0 { endProcess(status: 1) }
    }
}
