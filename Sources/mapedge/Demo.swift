import ArgumentParser

/// `mapedge demo`
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run real tile servers and pages with the edge in front of them.",
        discussion: """
            Two MapServers with public map data, a page with a map, and the edge: open the address \
            that is printed and watch the tiles turn from Miss to Hit. Ctrl-C ends it and leaves \
            nothing behind but the map data.
            """)

    @Option(help: ArgumentHelp("Where the edge serves viewers.", valueName: "HOST:PORT"))
    var listen = DemoOptions().listen

    @Option(help: ArgumentHelp("Where the edge serves its operator.", valueName: "HOST:PORT"))
    var admin = DemoOptions().admin

    @Option(help: ArgumentHelp("Where the map data is built once and kept.", valueName: "DIR"))
    var data = DemoOptions().dataDirectory

    @Option(
        help: ArgumentHelp(
            "The demo's recipes, where they are not beside the executable or the sources.",
            valueName: "DIR"))
    var recipes: String?

    func run() throws {
        let options = DemoOptions(
            listen: listen, admin: admin, dataDirectory: data, recipeDirectory: recipes)
        do throws(DemoError) {
            try DemoRunner(options).run()
        } catch {
            throw Failure.running(error)
        }
    }
}
