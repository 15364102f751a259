import CloudFront
import Foundation
import Testing

// Foundation reads the corpus directories; nothing below it can.
@Suite("Corpus: what CloudFront reads")
struct CloudFrontCorpusTests {
    static let paths = corpus("path")
    static let signatures = corpus("signature")
    static let codings = corpus("coding")
    static let selections = corpus("selection")
    static let streams = corpus("gzip")
    static let logs = corpus("log")

    @Test("the corpora are there")
    func present() {
        for files in [
            Self.paths, Self.signatures, Self.codings, Self.selections, Self.streams, Self.logs,
        ] {
            #expect(files.count >= 10)
        }
    }

    @Test("a pattern matches, and a path's normal form is, as told", arguments: paths)
    func path(_ file: URL) throws { try replay(file, PathProperty.faults) }

    @Test("only a whole, signed policy grants anything", arguments: signatures)
    func signature(_ file: URL) throws { try replay(file, SignatureProperty.faults) }

    @Test("a policy that is taken says the same to another reader of JSON", arguments: signatures)
    func policy(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        guard let policy = SignedPolicy(json: bytes) else { return }
        let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        let statement = try #require((document?["Statement"] as? [[String: Any]])?.first)
        let conditions = try #require(statement["Condition"] as? [String: [String: Any]])
        #expect(statement["Resource"] as? String == policy.resource)
        let until = conditions["DateLessThan"]?["AWS:EpochTime"]
        // Some signers write the number as a text.
        let number = (until as? NSNumber)?.int64Value ?? (until as? String).flatMap { Int64($0) }
        #expect(number == policy.dateLessThan)
    }

    @Test("Accept-Encoding comes to what the table says", arguments: codings)
    func coding(_ file: URL) throws { try replay(file, CodingProperty.faults) }

    @Test("of queries and cookies is selected what is named", arguments: selections)
    func selection(_ file: URL) throws { try replay(file, SelectionProperty.faults, mutants: 30) }

    @Test("gzip in pieces is gzip at once, and comes back", arguments: streams)
    func gzip(_ file: URL) throws { try replay(file, GzipProperty.faults, mutants: 20) }

    @Test("a log line is one, and says what was written", arguments: logs)
    func log(_ file: URL) throws { try replay(file, LogProperty.faults, mutants: 60) }
}
