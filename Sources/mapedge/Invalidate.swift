import ArgumentParser
import Control
import Glibc

/// `mapedge invalidate`
struct Invalidate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make stored responses stale, now and for good.",
        discussion: """
            A path begins with /, is compared letter by letter, and names what is stored under it, \
            the query included: /a.jpg clears neither /a.jpg?v=2 nor /a.jpg/. A * at its end \
            stands for anything: /a.jpg* clears all of these, /* everything. #roads names what \
            the origin tagged so. The command returns when it is in force and on disk; it is what \
            \"aws cloudfront create-invalidation\" does at the same port.

            An edge with api.credentials wants to be asked with one of them: this command takes \
            it, as aws does, from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

            One URL alone needs no invalidation: a request for it from a trusted address with \
            X-Edge-Cache: refresh fetches and stores it anew, with bypass asks past the cache.
            """)

    @OptionGroup var options: AdminOptions

    @Flag(help: "Only count the stored entries that are meant.")
    var dryRun = false

    @Flag(
        help: """
            Let what is stored be stale instead of gone: it is confirmed at its next request, and \
            served where something stale may be, such as while the origin is down.
            """)
    var soft = false

    @Argument(help: ArgumentHelp("What to make stale.", valueName: "PATH|#TAG"))
    var paths: [String]

    func validate() throws {
        if dryRun, soft {
            throw ValidationError("--dry-run changes nothing, so --soft means nothing; drop one")
        }
    }

    func run() throws {
        let client = try options.client(signing: credential)
        do {
            print(
                dryRun
                    ? try client.countInvalidated(paths)
                    : try client.invalidate(paths, isSoft: soft))
        } catch {
            throw Failure.running(error)
        }
    }

    private var credential: APICredential? {
        guard let id = getenv("AWS_ACCESS_KEY_ID"), let secret = getenv("AWS_SECRET_ACCESS_KEY")
        else { return nil }
        return APICredential(
            accessKeyID: String(cString: id), secret: Secret(String(cString: secret)))
    }
}
