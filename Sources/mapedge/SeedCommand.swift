import ArgumentParser
import Control
import Glibc
import Reactor

/// `mapedge seed`
struct SeedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Have a running edge fetch the tiles of a layer before viewers ask for them.",
        discussion: """
            The tiles of some levels, of all that the grid set covers, of a box, of a polygon, or \
            those that viewers asked for most by an access log, are asked of the edge one by one, \
            which stores them. What is stored and fresh costs a hit. Exit status 0 when every tile \
            is stored, 1 when some are not.

              mapedge seed geonode:roads --zoom 0-7 --dry-run
              mapedge seed geonode:roads --zoom 0-12 --bbox=-10,40,10,60 --state roads.seed
              mapedge seed geonode:roads --from-log access.log --top 5000

            --rate and --concurrency are for each healthy member of the pool, whose number the \
            admin port tells: with fewer members there is less under way. When the pool is busy \
            (429, 503) it is left alone, for as long as Retry-After says. With --state, a job that \
            was ended (Ctrl-C, a crash) goes on with the same command; the file goes when all is \
            stored.

            --reseed replaces what was stored before the job began, tile by tile: viewers have the \
            old one until the new one is there, and the tile servers never get the whole demand at \
            once, as they do after "mapedge truncate".
            """)

    @OptionGroup var options: AdminOptions

    @Argument(help: ArgumentHelp("The layer.", valueName: "WORKSPACE:NAME"))
    var layer: String

    @Option(help: ArgumentHelp("Levels of the grid set.", valueName: "A-B|A..B|A"))
    var zoom: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Tiles that show something of this box, in degrees.",
            valueName: "WEST,SOUTH,EAST,NORTH"))
    var bbox: String?

    @Option(
        help: ArgumentHelp(
            "The same in the units of the grid set.", valueName: "WEST,SOUTH,EAST,NORTH"))
    var bounds: String?

    @Option(
        help: ArgumentHelp(
            "Tiles that show something of this area: GeoJSON, Polygons alone or as Features.",
            valueName: "FILE"))
    var polygon: String?

    @Option(
        help: ArgumentHelp(
            "Tiles that this access log tells of, the edge's or CloudFront's, with the hosts, "
                + "styles, formats and times that viewers named; may be repeated; - is standard "
                + "input.", valueName: "FILE"))
    var fromLog: [String] = []

    @Option(help: ArgumentHelp("So many of a log, the hottest.", valueName: "N"))
    var top = 10_000

    @Option(
        help: ArgumentHelp("By its name or an alias. Default: EPSG:900913.", valueName: "NAME"))
    var gridSet: String?

    @Option(
        help: ArgumentHelp(
            "Further grid sets, as \"gridSets\" of the edge's configuration names them.",
            valueName: "DIRECTORY"))
    var gridSets: String?

    @Option(help: ArgumentHelp("A media type. Default: image/png.", valueName: "TYPE"))
    var format: String?

    @Option(help: ArgumentHelp("Default: the layer's.", valueName: "NAME"))
    var style: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("TIME, as viewers write it.", valueName: "TIME"))
    var time: String?

    @Flag(help: "TRANSPARENT=FALSE, as a plain WMS request has it; tile services have TRUE.")
    var opaque = false

    @Option(help: ArgumentHelp("The path above the map services.", valueName: "PATH"))
    var path = "/geoserver"

    @Option(help: ArgumentHelp("The edge.", valueName: "http://HOST[:PORT]"))
    var to = "http://127.0.0.1:8080"

    @Option(
        help: ArgumentHelp(
            "The Host that viewers ask with. Default: the log's, or that of --to.",
            valueName: "NAME"))
    var host: String?

    @Option(
        help: ArgumentHelp(
            "Tiles per second for each healthy member. Default: as fast as they come.",
            valueName: "N"))
    var rate: String?

    @Option(help: ArgumentHelp("Requests at a time for each healthy member.", valueName: "N"))
    var concurrency = 2

    @Option(help: ArgumentHelp("End after so many failures in a row.", valueName: "N"))
    var giveUp = 20

    @Option(help: ArgumentHelp("Keep here how far the job is.", valueName: "FILE"))
    var state: String?

    @Flag(help: "Replace what is stored, too.")
    var reseed = false

    @Flag(help: "Count the tiles, and ask nobody.")
    var dryRun = false

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func run() throws {
        do {
            let job = try SeedJob(wanted)
            if dryRun {
                for line in try job.countLines() { print(line) }
                return
            }
            try seed(job, try options.client())
        } catch let mistake as CommandMistake {
            throw Failure(lines: ["mapedge: \(mistake)"], status: mistake.isUsage ? 2 : 1)
        }
    }

    private var wanted: SeedOptions {
        var wanted = SeedOptions(layer: layer)
        (wanted.zoom, wanted.bbox, wanted.polygon) = (zoom, bbox, polygon)
        wanted.gridBox = bounds
        (wanted.logs, wanted.top) = (fromLog, top)
        (wanted.gridSet, wanted.gridSetFiles) = (gridSet, gridSets)
        (wanted.format, wanted.style, wanted.time) = (format, style, time)
        (wanted.isOpaque, wanted.path) = (opaque, path)
        (wanted.edge, wanted.host) = (to, host)
        (wanted.rate, wanted.concurrency, wanted.failures) = (rate, concurrency, giveUp)
        (wanted.state, wanted.replaces) = (state, reseed)
        return wanted
    }

    private func seed(_ job: SeedJob, _ client: AdminClient) throws {
        let run = try SeedRun(job, client)
        for note in run.notes where !quiet { writeErrorLine("mapedge: \(note)") }
        // A second one ends the process as ever, for whoever cannot wait.
        let signals = Signals([SIGINT, SIGTERM, SIGHUP]) { _ in
            if run.hasStopped { endProcess(status: 1) }
            run.stop()
        }
        defer { signals.cancel() }
        var display = SeedDisplay(isQuiet: quiet)
        let end: SeedRun.End
        do {
            defer { display.end() }
            end = try run.run { display.show($0) }
        }
        if !quiet { for line in end.report { print(line) } }
        if let reason = end.cutShort { throw Failure(lines: ["mapedge: \(reason)"], status: 1) }
        guard end.isComplete else {
            throw Failure(
                lines: quiet
                    ? ["mapedge: \(end.report[0])"]
                    : ["mapedge: some tiles are not stored; see the reasons above"], status: 1)
        }
    }
}

/// Tells on standard error how far a seed is: on one line of a terminal, else on a line every ten
/// seconds.
private struct SeedDisplay {
    private static let pause = Duration.seconds(10)

    let isQuiet: Bool
    private let isTerminal = isatty(2) == 1
    private var told = ContinuousClock.now

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    mutating func show(_ progress: SeedProgress) {
        if isQuiet { return }
        if isTerminal {
            write("\r\(progress.row(columns))\u{1B}[K")
        } else if ContinuousClock.now - told >= Self.pause {
            told = .now
            writeErrorLine(progress.line)
        }
    }

    /// Of the terminal, which may have changed; 80 where it does not tell.
    private var columns: Int {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    func end() { if isTerminal, !isQuiet { write("\r\u{1B}[K") } }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(2, $0.baseAddress, $0.count) }
    }
}
