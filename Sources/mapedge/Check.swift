import ArgumentParser
import Control

/// `mapedge check`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell every mistake in a configuration at once.",
        discussion: """
            Takes what "serve" takes and starts nothing. Each mistake is a line on standard error, \
            "FILE:LINE: what happened; what to do". Host names are looked up.

            With --distribution a distribution's export is checked in place of a configuration: \
            what CloudFront would refuse, what it does that surprises most who read it (a cookie \
            stored and replayed, a header forwarded that is not in the key), and what this edge \
            does not emulate, each with its line.

            Examples:
              mapedge check --config /etc/mapedge.yaml && mapedge reload
              aws cloudfront get-distribution-config --id ID > dist.json
              mapedge check --distribution dist.json --policies policies/
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "The output of \"aws cloudfront get-distribution-config\".", valueName: "FILE"))
    var distribution: String?

    @Option(
        help: ArgumentHelp(
            "A directory with the output of get-cache-policy and its like, a file each.",
            valueName: "DIR"))
    var policies: String?

    func run() throws {
        if let distribution {
            let reading = DistributionReading.read(distribution, policies: policies)
            guard reading.distribution != nil else {
                throw Failure.configuration(reading.findings)
            }
            for warning in reading.findings { writeErrorLine(warning.description) }
            print(reading.summary)
            return
        }
        let reading = options.read()
        guard reading.isUsable else { throw Failure.configuration(reading.findings) }
        for warning in reading.findings { writeErrorLine(warning.description) }
        print(reading.configuration.summary)
    }
}
