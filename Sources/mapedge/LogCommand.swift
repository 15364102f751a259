import ArgumentParser
import Control
import Dispatch
import Glibc
import Reactor

/// `mapedge log`
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Read access logs: the edge's own, and CloudFront's standard log files.",
        discussion: """
            Both forms are recognised, compressed or not, and without a FILE or with - standard \
            input is read. A DIRECTORY stands for the standard log's files in it. Conditions of \
            one kind are alternatives; those of different kinds must all be met. Times are UTC.

            --follow reads a compressed file as it grows. The standard log has a file for each \
            hour: after the one that is named, or the newest in a DIRECTORY, it goes on to the \
            next.

              mapedge log E2EXAMPLE1.2026-11-23-18.*.gz --status 5xx --path '/geoserver/*'
              mapedge log /var/log/mapedge/standard --status 5xx
              mapedge log --follow access.log --result Miss --result Error
              mapedge log --follow /var/log/mapedge/standard --status 5xx
              mapedge log access.log --since 15m --json
            """)

    @Argument(
        help: ArgumentHelp("Log files or directories; - is standard input.", valueName: "FILE"))
    var files: [String] = []

    @Flag(help: "Go on with what is added to the one FILE or DIRECTORY, until Ctrl-C.")
    var follow = false

    @Option(help: ArgumentHelp("A status: 404, 5xx or 500-503.", valueName: "STATUS"))
    var status: [String] = []

    @Option(
        help: ArgumentHelp(
            "A path, with * for any run of characters and ? for one.", valueName: "PATTERN"))
    var path: [String] = []

    @Option(
        help: ArgumentHelp(
            "A result type: Hit, RefreshHit, Miss, Error and so on.", valueName: "WORD"))
    var result: [String] = []

    @Option(help: ArgumentHelp("A method.", valueName: "METHOD"))
    var method: [String] = []

    @Option(
        help: ArgumentHelp(
            "Not before: 2026-11-23T18:44:37, or how long ago, such as 15m.", valueName: "TIME"))
    var since: String?

    @Option(help: ArgumentHelp("Before that time.", valueName: "TIME"))
    var until: String?

    @Flag(help: "Print each record as a line of JSON, with all its fields.")
    var json = false

    func run() throws {
        let wanted: LogFilter = try failing { try filter() }
        if follow {
            let following: LogFollower = try failing { try follower(wanted) }
            following.start()
            dispatchMain()
        }
        var printer = LogPrinter(filter: wanted, isJSON: json) { print($0) }
        for file in files.isEmpty ? ["-"] : files { try failing { try printer.read(file) } }
        fflush(nil)
        if let warning = printer.warning { writeErrorLine("mapedge: \(warning)") }
    }

    private func filter() throws -> LogFilter {
        var filter = LogFilter()
        for text in status { try filter.add(status: text) }
        for text in path { filter.add(path: text) }
        for text in result { filter.add(result: text) }
        for text in method { filter.add(method: text) }
        try filter.bound(since: since, until: until, now: WallClock.system.now)
        return filter
    }

    private func follower(_ filter: LogFilter) throws -> LogFollower {
        guard files.count == 1, files[0] != "-" else {
            throw Failure(
                lines: [
                    "mapedge: --follow needs one FILE or DIRECTORY; name what is being written"
                ],
                status: 2)
        }
        return try LogFollower(
            files[0], filter: filter, isJSON: json, print: { print($0) },
            flush: { fflush(nil) },
            failed: { mistake in
                writeErrorLine("mapedge: \(mistake)")
                endProcess(status: mistake.isUsage ? 2 : 1)
            })
    }
}

/// Runs what may end with a mistake, which ends the command with its line.
func failing<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let mistake as CommandMistake {
        throw Failure(lines: ["mapedge: \(mistake)"], status: mistake.isUsage ? 2 : 1)
    }
}
