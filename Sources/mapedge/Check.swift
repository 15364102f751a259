import ArgumentParser
import Control

/// `mapedge check`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell every mistake in a configuration at once.",
        discussion: """
            Takes what "serve" takes and starts nothing. Each mistake is a line on standard error, \
            "FILE:LINE: what happened; what to do". Host names are looked up.

            Example:
              mapedge check --config /etc/mapedge.yaml && mapedge reload
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let reading = options.read()
        guard reading.isUsable else { throw Failure.configuration(reading.findings) }
        for warning in reading.findings { writeErrorLine(warning.description) }
        print(reading.configuration.summary)
    }
}
