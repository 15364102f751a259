import Glibc
import Testing

@testable import Control

/// Each golden is an export, a line of dashes, and exactly what `check` lists of it.
@Suite("What an export has that is not emulated")
struct NotEmulatedTests {
    private static let mark = "----------\n"
    private let files = ExportFiles()

    /// Written out here, so that a golden that was written anew cannot lose one.
    private static let members = [
        "OriginAccessControlId", "OriginShield", "OriginMtlsConfig", "OriginSslProtocols",
        "OriginAccessIdentity", "VpcOriginConfig", "SelectionCriteria", "SmoothStreaming",
        "LambdaFunctionAssociations", "FunctionAssociations", "FieldLevelEncryptionId",
        "RealtimeLogConfigArn", "GrpcConfig", "Logging", "IncludeCookies", "WebACLId",
        "ContinuousDeploymentPolicyId", "Staging", "AnycastIpListId", "TenantConfig",
        "ViewerMtlsConfig", "ConnectionFunctionAssociation", "ConnectionMode", "Tagz",
    ]

    /// The export of a golden, and what is found in it.
    private func play(_ name: String) throws -> (export: String, found: [String]) {
        let path = "\(ProjectFiles.tests)Goldens/\(name).txt"
        let golden = try ProjectFiles.text(path)
        let end = try #require(golden.firstRange(of: Self.mark))
        let export = String(golden[..<end.lowerBound])
        let file = try files.write("dist.json", export)
        let found = files.lines(reading { $0.distribution = file })
        let text = found.map { "\($0)\n" }.joined()
        if getenv("REWRITE_GOLDENS") != nil {
            try writeTextFile(path, export + Self.mark + text)
        } else {
            #expect(text == String(golden[end.upperBound...]))
        }
        return (export, found)
    }

    @Test("everything that is switched on is listed, at its line and with what becomes of it")
    func all() throws {
        let (export, found) = try play("not-emulated")
        let lines = export.split(separator: "\n", omittingEmptySubsequences: false)
        for member in Self.members {
            let index = try #require(lines.firstIndex { $0.contains("\"\(member)\"") }, "\(member)")
            // What a log is switched on by stands in a line of its own.
            let line = member == "Logging" ? index + 2 : index + 1
            let start = "dist.json:\(line): warning: DistributionConfig."
            let isListed = found.contains {
                $0.hasPrefix(start) && $0.contains(member) && $0.contains(": not emulated: ")
                    && $0.contains("; ")
            }
            #expect(isListed, "\(member) at line \(line)")
        }
        // One of them stands in two behaviors, and is listed at both.
        let places = lines.indices.filter { lines[$0].contains("\"FunctionAssociations\"") }
        #expect(places.count == 2)
        for index in places {
            let start = "dist.json:\(index + 1): warning: "
            #expect(
                found.contains { $0.hasPrefix(start) && $0.contains(": not emulated: Function") })
        }
        #expect(found.count { $0.contains("not emulated") } == Self.members.count + 1)
    }

    @Test("cookies are no such thing where the access log has their values")
    func cookies() throws {
        let golden = try ProjectFiles.text("\(ProjectFiles.tests)Goldens/not-emulated.txt")
        let end = try #require(golden.firstRange(of: Self.mark))
        let file = try files.write("dist.json", String(golden[..<end.lowerBound]))
        for (words, isListed) in [("names", true), ("values", false)] {
            let log = "accessLog: { format: cloudfront, directory: /d, cookies: \(words) }"
            let found = files.lines(reading(log) { $0.distribution = file })
            #expect(found.contains { $0.contains("IncludeCookies") } == isListed, "\(words)")
        }
    }

    @Test("nothing is listed where all of it is switched off")
    func none() throws {
        let (_, found) = try play("emulated")
        #expect(found.allSatisfy { !$0.contains("not emulated") })
    }
}
