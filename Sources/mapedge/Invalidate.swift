import ArgumentParser
import Control

/// `mapedge invalidate`
struct Invalidate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make stored responses stale, now and for good.",
        discussion: """
            A path begins with /, is compared letter by letter, and names what is stored under it, \
            the query included: /a.jpg clears neither /a.jpg?v=2 nor /a.jpg/. A * at its end \
            stands for anything: /a.jpg* clears all of these, /* everything. The command returns \
            when it is in force and on disk; it is what \"aws cloudfront create-invalidation\" \
            does at the same port.
            """)

    @OptionGroup var options: AdminOptions

    @Argument(help: ArgumentHelp("What to make stale.", valueName: "PATH"))
    var paths: [String]

    func run() throws {
        let client = try options.client()
        do {
            print(try client.invalidate(paths))
        } catch {
            throw Failure.running(error)
        }
    }
}
