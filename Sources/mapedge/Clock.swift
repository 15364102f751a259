import ArgumentParser
import Control

/// `mapedge clock`
struct ClockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock",
        abstract: "Show or move the time that a running edge goes by.",
        discussion: """
            An edge that was started with --clock manual stands still in time until it is told: \
            freshness, Age, error caching, Date and the log follow at once, on all loops, before \
            the command returns. Time-outs and health checks go on as ever.

            Examples:
              mapedge serve --clock manual --origin http://127.0.0.1:8000
              mapedge clock advance 24h
              mapedge clock set 2026-12-01T00:00:00Z
            """,
        subcommands: [ClockAdvance.self, ClockSet.self, ClockShow.self])
}

/// `mapedge clock advance`
struct ClockAdvance: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advance", abstract: "Let time pass for the edge, at once.")

    @OptionGroup var options: AdminOptions

    @Argument(help: ArgumentHelp("How much: 24h, 1m30s, 500ms.", valueName: "DURATION"))
    var duration: String

    func run() throws {
        try move(options) { () throws(AdminClientError) in try ClockMove(advance: duration) }
    }
}

/// `mapedge clock set`
struct ClockSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set the edge's time, forward only.",
        discussion: "Never back: the Age of what is stored may not fall.")

    @OptionGroup var options: AdminOptions

    @Argument(help: ArgumentHelp("In UTC: 2026-12-01T00:00:00Z.", valueName: "TIME"))
    var time: String

    func run() throws {
        try move(options) { () throws(AdminClientError) in try ClockMove(set: time) }
    }
}

/// `mapedge clock show`
struct ClockShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print the time that the edge goes by.")

    @OptionGroup var options: AdminOptions

    func run() throws {
        let client = try options.client()
        do { print(try client.showClock()) } catch { throw Failure.running(error) }
    }
}

// What is typed wrong is told before anything is asked.
private func move(
    _ options: AdminOptions, _ parse: () throws(AdminClientError) -> ClockMove
) throws {
    let move: ClockMove
    do throws(AdminClientError) { move = try parse() } catch {
        throw Failure(lines: ["mapedge: \(error)"], status: 2)
    }
    let client = try options.client()
    do { print(try client.moveClock(move)) } catch { throw Failure.running(error) }
}
