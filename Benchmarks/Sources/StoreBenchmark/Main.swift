import Edge
import Glibc

/// How the store keeps up when it is full, and what a lookup costs.
///
///     swift run -c release StoreBenchmark puts    [DIRECTORY] [GIB] [PUTS]
///     swift run -c release StoreBenchmark lookups [DIRECTORY] [ENTRIES] [LOOKUPS]
///
/// `puts` fills a map of 6 GiB to its eviction mark with tiles of 1.5 to 61 KB and goes on
/// putting: the rate must not fall, or the exit code is 1. `lookups` compares a million small tiles asked for by Zipf's
/// law with the same asked for evenly.
@main
enum Main {
    static func main() throws {
        let arguments = CommandLine.arguments
        let directory = arguments.count > 2 ? arguments[2] : "/tmp/mapedge-store-benchmark"
        let number = { (at: Int, otherwise: Int) in
            arguments.count > at ? Int(arguments[at]) ?? otherwise : otherwise
        }
        switch arguments.count > 1 ? arguments[1] : "" {
        case "puts":
            let load = PutLoad(directory: directory, mapBytes: number(3, 6) << 30)
            guard try load.run(puts: number(4, 2_000_000)) != false else { exit(1) }
        case "lookups":
            try LookupLoad(directory: directory, entries: number(3, 1_000_000)).run(
                lookups: number(4, 5_000_000))
        default:
            print("usage: StoreBenchmark puts|lookups [DIRECTORY] [GIB|ENTRIES] [COUNT]")
            exit(2)
        }
    }
}
