import ArgumentParser
import Control

/// `mapedge check`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell every mistake in a configuration at once.",
        discussion: """
            Takes what "serve" takes and starts nothing. Each mistake is a line on standard error, \
            "FILE:LINE: what happened; what to do". Host names are looked up. What is wrong on \
            this machine alone, such as a directory that is not there, is a warning: the file may \
            be for another.

            With --distribution a distribution's export is checked as well: what CloudFront would \
            refuse, what it does that surprises most who read it (a cookie stored and replayed, a \
            header forwarded that is not in the key), and what this edge does not emulate, each \
            with its line. A "note:" is no mistake: it says what something else than the export \
            decides here, such as the listeners. Then a table says what would be served.

            Examples:
              mapedge check --config /etc/mapedge.yaml && mapedge reload
              aws cloudfront get-distribution-config --id ID > dist.json
              mapedge check --distribution dist.json --policies policies/
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let reading = options.read()
        guard reading.isUsable else { throw Failure.configuration(reading.findings) }
        for finding in reading.findings + reading.machineFindings {
            writeErrorLine(finding.description)
        }
        print(reading.configuration.summary)
        for line in reading.configuration.servedLines { print(line) }
    }
}
