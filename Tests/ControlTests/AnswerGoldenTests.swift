import CloudFront
import Glibc
import HTTP
import Synchronization
import Testing

@testable import Control

/// Each golden has what is asked, and the answer byte for byte: status, fields, document.
///
/// `REWRITE_GOLDENS=1` writes what is answered now; the difference is then for the reviewer to read.
@Suite("Control API: its answers, byte for byte")
struct AnswerGoldenTests {
    /// One thing to ask, of a state that earlier ones of the golden have changed.
    private struct Step {
        var method = HTTP.Method.get
        var target: String
        var body = ""
        var headers: [(String, String)] = []
    }

    private static let path = "/distribution/EDFDVBD632BHDS"

    private static func state() throws -> ScriptedDistribution {
        let state = try ScriptedDistribution()
        let policy = PolicyRecord(
            id: "own", isManaged: false, lastModified: 1_795_459_475_000,
            config: try node(
                "<C><Comment/><Name>own &amp; &lt;ours&gt;</Name><MinTTL>1</MinTTL></C>"))
        state.contents.withLock {
            $0.policies[.cache] = [policy]
            $0.signers = SignerRecord.samples
            $0.tags = [ResourceTag(key: "team", value: "maps & \"more\"")]
        }
        return state
    }

    private static func steps(_ name: String, _ version: String) -> [Step] {
        let arn = "arn%3Aaws%3Acloudfront%3A%3A1%3Adistribution%2FEDFDVBD632BHDS"
        let other = ScriptedDistribution.config.replacing("a.org", with: "b.org")
        func batch(_ paths: [String], _ reference: String) -> Step {
            Step(
                method: .post, target: "\(path)/invalidation",
                body: Asking.batch(paths, reference))
        }
        return switch name {
        case "distribution":
            [
                Step(target: "\(path)/config"), Step(target: path), Step(target: "/distribution"),
                Step(
                    method: .put, target: "\(path)/config", body: other,
                    headers: [("If-Match", version)]),
            ]
        case "invalidations":
            [
                Step(target: "\(path)/invalidation"),
                batch(["/a%20b?x=1&amp;y=2", "/img/*"], "r1"), batch(["/b", "#tag"], "r2"),
                Step(target: "\(path)/invalidation"),
                Step(target: "\(path)/invalidation?MaxItems=1"),
                Step(target: "\(path)/invalidation/I0"),
            ]
        case "rest":
            [
                Step(target: "/cache-policy?Type=custom"), Step(target: "/cache-policy/own"),
                Step(target: "/cache-policy/own/config"), Step(target: "/public-key"),
                Step(target: "/public-key/K2JCJMDEHXQW5F"), Step(target: "/key-group"),
                Step(target: "/key-group/k1/config"), Step(target: "/function"),
                Step(target: "/origin-access-control"), Step(target: "/tagging?Resource=\(arn)"),
            ]
        default:
            [
                Step(target: "/distribution/EOTHER"), batch(["relative"], "r"), batch(["/a"], "r"),
                batch(["/b"], "r"), batch([], "r3"),
                batch((0..<16).map { "/\($0)*" }, "r4"),
                Step(method: .post, target: "\(path)/invalidation"),
                Step(method: .post, target: "\(path)/invalidation", body: "<InvalidationBatch>"),
                Step(target: "\(path)/invalidation?Marker=none"),
                Step(method: .put, target: "\(path)/config", body: other),
                Step(
                    method: .put, target: "\(path)/config", body: other,
                    headers: [("If-Match", "EOLD")]),
                Step(method: .delete, target: path, headers: [("If-Match", version)]),
                Step(target: "/cache-policy/none"), Step(target: "/public-key/none"),
                Step(target: "/key-group/none"), Step(target: "/nothing"),
            ]
        }
    }

    @Test(
        "status, fields and document",
        arguments: ["distribution", "invalidations", "rest", "errors"], [0, 60_000] as [Int64])
    func answers(_ name: String, _ delay: Int64) throws {
        // How long it takes shows in invalidations alone.
        if delay > 0, name != "invalidations" { return }
        let state = try Self.state()
        let ask = Asking(state, APISettings(invalidationDelay: delay))
        let text = try Self.steps(name, state.distribution.version).map { step in
            let answer = try ask(step.method, step.target, step.body, headers: step.headers)
            let fields = answer.response.headers.map { "\($0.name): \($0.value)\n" }.joined()
            return "> \(step.method) \(step.target) \(step.body)\n"
                + "\(answer.status)\n\(fields)\n"
                + String(decoding: answer.response.body, as: UTF8.self) + "\n\n"
        }.joined()
        let path =
            "\(ProjectFiles.tests)Goldens/answers-\(name)\(delay > 0 ? "-in-progress" : "").txt"
        if getenv("REWRITE_GOLDENS") != nil {
            try writeTextFile(path, text)
        } else {
            #expect(text == (try ProjectFiles.text(path)))
        }
    }
}
