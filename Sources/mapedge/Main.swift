import ArgumentParser
import Control

/// The command line.
@main
struct MapEdge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mapedge",
        abstract:
            "A caching reverse proxy for maps, between CloudFront and a pool of tile servers.",
        discussion: """
            Try it:
              mapedge serve --origin http://127.0.0.1:8000
              curl -sI http://127.0.0.1:8080/   (X-Cache tells a Miss from a Hit)

            Exit status: 0 for success, 1 for a failure at run time, 2 for a mistake on the \
            command line or in the configuration.
            """,
        version: mapEdgeVersion,
        subcommands: [
            Serve.self, Demo.self, Check.self, Status.self, Reload.self, Invalidate.self,
            Truncate.self, SeedCommand.self, Explain.self, ClockCommand.self, Cache.self,
            ScenarioCommand.self,
            LogCommand.self, ReplayCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            end(error)
        }
    }

    /// Prints what is to be said and ends the process with the status that goes with it.
    private static func end(_ error: any Error) -> Never {
        if let failure = error as? Failure {
            for line in failure.lines { writeErrorLine(line) }
            endProcess(status: failure.status)
        }
        switch exitCode(for: error) {
        case .success:
            print(fullMessage(for: error))
            endProcess(status: 0)
        case .validationFailure:
            // One line, as all our errors are; the whole usage is a --help away.
            let text = message(for: error).split(whereSeparator: \.isNewline).first ?? "?"
            let mistake = UsageMistake(String(text), in: CommandLine.arguments.dropFirst())
            writeErrorLine("mapedge: \(mistake); see \"\(mistake.help)\"")
            endProcess(status: 2)
        default:
            writeErrorLine("mapedge: \(error)")
            endProcess(status: 1)
        }
    }
}
