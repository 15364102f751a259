import ArgumentParser
import Control
import Reactor

/// `mapedge serve`
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve viewers until a signal ends it.",
        discussion: """
            Without --config no file is read; flags win over the file. Everything on the command \
            line has a key in the file, and conf/mapedge.yaml explains them all.

            Signals: SIGTERM and SIGINT let running exchanges finish (--stop-deadline), and end \
            them when they come again; SIGHUP reads the configuration again; SIGUSR1 opens the \
            access log anew.

            Examples:
              mapedge serve --origin http://10.0.0.5,http://10.0.0.6 --cache /var/cache/edge
              mapedge serve --config /etc/mapedge.yaml --listen :8080
              mapedge serve --distribution dist.json --origin maps=http://127.0.0.1:8000
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let options = options
        let reading = options.read()
        guard reading.isUsable else {
            // What is only to be known hides what is wrong; "check" tells it.
            throw Failure.configuration(reading.findings.filter { $0.severity != .note })
        }
        let clock = reading.configuration.clock.makeClock(at: WallClock.system.now)
        let log = EventLog(least: reading.configuration.logLevel, clock: clock)
        defer { log.flush() }
        for warning in reading.warnings { log.say(warning.description) }
        let service = Service(reading.configuration, clock: clock, events: log) { options.read() }
        do {
            try service.run { log.say($0) }
        } catch {
            // Behind the events, and without waiting for a reader that may not be there.
            log.say("mapedge: \(error)")
            throw Failure(lines: [], status: 1)
        }
    }
}
