import ArgumentParser
import Control

/// The admin port that a command asks.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The admin port of the running edge.", valueName: "HOST:PORT|unix:PATH"))
    var admin = "127.0.0.1:8081"

    /// - Throws: exit status 2 when the address is none.
    func client(signing credential: APICredential? = nil) throws -> AdminClient {
        do throws(AdminClientError) {
            return try AdminClient(admin, credential: credential)
        } catch {
            throw Failure(lines: ["mapedge: \(error)"], status: 2)
        }
    }
}

/// `mapedge status`
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how a running edge is: pools, store, loops.",
        discussion: """
            A member is "up", "down" (its checks fail), "ejected" (its requests fail), on \
            "probation" (its ejection is over, and one request or check finds out if it is well), \
            "lacks-layers" (it refuses layers that other members serve) or in "slow-start" (it \
            came back and gets its full share little by little); "unresolved" has a name without \
            an address, which is asked for every ten seconds.

            LIVENESS says whether it answers at all, READINESS whether its catalogue is loaded, \
            DRIFT whether its layers are those of its peers. A line follows for each check that \
            fails, and for what each member's capabilities come to.
            """)

    @OptionGroup var options: AdminOptions

    @Flag(help: "Print the JSON as it comes.")
    var json = false

    func run() throws {
        let client = try options.client()
        do {
            let status = try client.statusJSON()
            print(json ? String(decoding: status, as: UTF8.self) : try statusTable(status))
        } catch {
            throw Failure.running(error)
        }
    }
}

/// `mapedge reload`
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a running edge read its configuration again.",
        discussion: """
            The new configuration is swapped in whole and nothing is dropped. One with mistakes is \
            refused, each is told, and the old one stays in force.
            """)

    @OptionGroup var options: AdminOptions

    func run() throws {
        let client = try options.client()
        do {
            let (isSwapped, lines) = try client.reload()
            guard isSwapped else { throw Failure(lines: lines, status: 1) }
            for line in lines { print(line) }
        } catch let error as AdminClientError {
            throw Failure.running(error)
        }
    }
}
