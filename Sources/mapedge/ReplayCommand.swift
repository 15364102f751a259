import ArgumentParser
import Control
import Glibc
import Synchronization

/// `mapedge replay`
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Ask an edge again what CloudFront was asked, and compare their caches.",
        discussion: """
            Reads CloudFront's standard log files (version 1), compressed or not, and asks the \
            edge for each GET and HEAD in them, with the Host, User-Agent, Referer, Cookie and \
            range of the log. Then it tells where x-edge-result-type and the edge's X-Cache \
            disagree, and why, most likely. Exit status 1 when more do than --tolerance allows.

              mapedge serve --distribution dist.json --trusted-proxy 127.0.0.1 \\
                --origin site=http://127.0.0.1:8000
              mapedge replay E2EXAMPLE1.*.gz --to http://127.0.0.1:8080 --pace 10x

            At an http:// address, each request says in X-Forwarded-Proto and X-Forwarded-For \
            what the log has as cs-protocol and c-ip, as a proxy that ends TLS does. The edge \
            believes that of its trustedProxies alone, and sends everybody else's https to https \
            where a behavior redirects: start it with --trusted-proxy and the address that replay \
            asks from. At an https:// address, requests of https are asked over TLS; its \
            certificate must be for the Host of the log. Give --to twice, once with either \
            scheme, for a log that has both.

            Lifetimes run by the clock: only at pace 1x do they end as they did. What CloudFront \
            had before the first line, the edge has not.
            """)

    @Argument(
        help: ArgumentHelp("Log files or directories; - is standard input.", valueName: "LOG"))
    var logs: [String]

    @Option(
        help: ArgumentHelp(
            "The edge: one address, or one for http and one for https.",
            valueName: "http[s]://HOST[:PORT]"))
    var to: [String]

    @Option(
        help: ArgumentHelp(
            "PEM file of who may have signed the edge's certificate; the system's otherwise.",
            valueName: "FILE"))
    var cacert: String?

    @Flag(name: [.customShort("k"), .long], help: "Believe any certificate of the edge.")
    var insecure = false

    @Option(help: ArgumentHelp("How fast: 1x as it happened, 10x, or max.", valueName: "PACE"))
    var pace = "max"

    @Option(
        help: ArgumentHelp("Per cent of the requests that may disagree.", valueName: "PERCENT"))
    var tolerance = "0"

    @Option(
        help: ArgumentHelp(
            "Requests at a time; those for one path go one by one.", valueName: "N"))
    var connections = 8

    @Option(help: ArgumentHelp("How many disagreements to tell singly.", valueName: "N"))
    var show = 10

    @Option(
        help: ArgumentHelp(
            "Sent with each request, as the log does not tell it; \"\" for none.",
            valueName: "CODINGS"))
    var acceptEncoding = "gzip"

    @Option(
        help: ArgumentHelp(
            "The distribution's DefaultRootObject, which is one object with /; \"\" for none.",
            valueName: "NAME"))
    var rootObject = "index.html"

    func run() throws {
        let replay = try failing {
            try Replay(
                to: to, pace: pace, tolerance: tolerance, connections: connections, shown: show,
                acceptEncoding: acceptEncoding, rootObject: rootObject, authority: cacert,
                believesAnyone: insecure)
        }
        let bar = isatty(2) == 1 ? ProgressBar() : nil
        let report = try failing { try replay.run(logs) { bar?.show($0, of: $1) } }
        bar?.clear()
        for line in report.lines { print(line) }
        guard replay.tolerates(report) else {
            throw Failure(
                lines: [
                    "mapedge: the edge and the log disagree about \(report.disagreements) "
                        + "requests; compare the reasons, or allow more with --tolerance"
                ], status: 1)
        }
    }
}

/// One line on a terminal that tells how far something is.
final class ProgressBar: Sendable {
    private static let width = 40
    private let shown = Mutex(-1)

    /// Drawn anew for each fortieth.
    func show(_ count: Int, of total: Int) {
        let filled = total == 0 ? Self.width : count * Self.width / total
        shown.withLock { shown in
            guard filled != shown else { return }
            shown = filled
            let bar =
                String(repeating: "#", count: filled)
                + String(repeating: ".", count: Self.width - filled)
            write("\r[\(bar)] \(count)/\(total)")
        }
    }

    func clear() { write("\r\u{1B}[K") }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(2, $0.baseAddress, $0.count) }
    }
}
