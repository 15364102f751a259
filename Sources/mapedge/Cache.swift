import ArgumentParser
import Control

/// The cache directory that a command works on.
struct CacheOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The cache directory, as given to serve.", valueName: "DIR"))
    var cache: String
}

/// `mapedge cache`
struct Cache: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look into a cache directory, check it, make it smaller.",
        subcommands: [CacheVerify.self, CacheStat.self, CacheCompact.self])
}

/// `mapedge cache verify`
struct CacheVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every stored response and check it.",
        discussion: """
            Takes as long as reading the file, and may run beside the edge. Exit status 1 when \
            something is damaged. The edge serves nothing that is damaged, and needs no help: \
            this tells whether the disk keeps what it is given.
            """)

    @OptionGroup var options: CacheOptions

    func run() throws {
        let (text, isSound) = try reporting { try verifyCache(options.cache) }
        print(text)
        if !isSound {
            throw Failure(
                lines: ["mapedge: the cache is damaged; check the disk, or remove the directory"],
                status: 1)
        }
    }
}

/// `mapedge cache stat`
struct CacheStat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat", abstract: "Show how full a cache is and of what.",
        discussion: "Takes milliseconds, and may run beside the edge.")

    @OptionGroup var options: CacheOptions

    func run() throws { print(try reporting { try describeCache(options.cache) }) }
}

/// `mapedge cache compact`
struct CacheCompact: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact", abstract: "Write a cache anew without unused space.",
        discussion: """
            The edge must not run on it. Needs as much room on the disk as the stored responses \
            take.
            """)

    @OptionGroup var options: CacheOptions

    func run() throws { print(try reporting { try compactCache(options.cache) }) }
}

// Whatever goes wrong here goes wrong at run time.
private func reporting<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch { throw Failure.running(error) }
}
