import ArgumentParser
import Control

/// `mapedge explain`
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a running edge would do with a request, and why.",
        discussion: """
            Step by step: alias, behavior and the pattern that matched, the cache key and where \
            each part of it came from, what is stored and whose word its lifetime is, or what is \
            stored under nearly the same key, invalidations, what the origin would get, the \
            decision and its reason, and the traps on the way. Nothing is sent to an origin.

            With --diff, two URLs: why they do not share one stored response. Or one URL, asked \
            with another header the second time:

              mapedge explain --diff --https /story/1 --second-header 'Cookie: sessionid=x'
            """)

    @OptionGroup var options: AdminOptions

    @Option(name: [.customLong("method"), .customShort("X")], help: "The request's method.")
    var method = "GET"

    @Option(
        name: [.customShort("H"), .customLong("header")],
        help: ArgumentHelp("A field of the request; may be repeated.", valueName: "Name: value"))
    var fields: [String] = []

    @Flag(help: "Print JSON, for programs.")
    var json = false

    @Flag(help: "As if the request had come over TLS; https:// says so too.")
    var https = false

    @Flag(help: "Compare two requests.")
    var diff = false

    @Option(
        help: ArgumentHelp(
            "With --diff, a field of the second request, in place of any of that name; may be "
                + "repeated.", valueName: "Name: value"))
    var secondHeader: [String] = []

    @Argument(help: ArgumentHelp("A URL, or a path with -H 'Host: …'.", valueName: "URL"))
    var urls: [String]

    func validate() throws {
        if diff, urls.count != 2, urls.count != 1 || secondHeader.isEmpty {
            throw ValidationError("--diff compares two URLs, or one with --second-header")
        }
        if !diff, !secondHeader.isEmpty {
            throw ValidationError("--second-header is about what --diff compares")
        }
        if !diff, urls.count != 1 {
            throw ValidationError("one URL is explained at a time; --diff compares two")
        }
    }

    private var fieldsOfSecond: [String] {
        func name(_ field: String) -> String { field.prefix { $0 != ":" }.lowercased() }
        let names = Set(secondHeader.map(name))
        return fields.filter { !names.contains(name($0)) } + secondHeader
    }

    func run() throws {
        let client = try options.client()
        var requests: [ExplainRequest] = []
        do {
            requests.append(try ExplainRequest(urls[0], method: method, fields: fields))
            if diff, let url = urls.last {
                requests.append(
                    try ExplainRequest(url, method: method, fields: fieldsOfSecond))
            }
        } catch {
            throw Failure(lines: ["mapedge: \(error)"], status: 2)
        }
        if !https, Set(requests.map(\.usesTLS)).count > 1 {
            throw Failure(
                lines: [
                    "mapedge: one URL is https and the other http, and both are compared the same "
                        + "way; write one scheme"
                ], status: 2)
        }
        let usesTLS = https || requests.contains(where: \.usesTLS)
        do {
            print(try client.explain(requests, asJSON: json, usesTLS: usesTLS))
        } catch {
            throw Failure.running(error)
        }
    }
}
