import CloudFront
import Foundation
import Synchronization
import Testing

@testable import Control

/// Where `conf/install-packages.sh` puts what `conf/python-packages.txt` names.
private let place = ProjectFiles.tests + "../../.build/python/bin/"

/// Runs that Python to its end: its exit status and all that it wrote. Nothing of this machine's
/// own settings reaches it.
private func python(
    _ arguments: [String], environment: [String: String] = [:]
) -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: place + "python3")
    process.arguments = arguments
    process.environment = ["HOME": "/nonexistent", "PATH": "/usr/bin:/bin"]
        .merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return (-1, "\(place)python3 did not start") }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

private let hasBoto = python(["-c", "import boto3"]).status == 0
private let hasCommand = python([place + "aws", "--version"]).status == 0

@Suite("Control API: unmodified clients", .serialized)
struct CloudFrontClientTests {
    private let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Clients/cloudfront.py").path

    private func state() throws -> ScriptedDistribution {
        let state = try ScriptedDistribution()
        let configs: [PolicyKind: String] = [
            .cache: "<C><Name>own</Name><MinTTL>1</MinTTL></C>",
            .originRequest: "<C><Name>own</Name><HeadersConfig><HeaderBehavior>whitelist"
                + "</HeaderBehavior><Headers><Quantity>1</Quantity><Items><Name>Origin</Name>"
                + "</Items></Headers></HeadersConfig></C>",
            .responseHeaders: "<C><Name>own</Name><CorsConfig><AccessControlAllowMethods>"
                + "<Quantity>1</Quantity><Items><Method>GET</Method></Items>"
                + "</AccessControlAllowMethods></CorsConfig><RemoveHeadersConfig><Quantity>1"
                + "</Quantity><Items><ResponseHeadersPolicyRemoveHeader><Header>Server</Header>"
                + "</ResponseHeadersPolicyRemoveHeader></Items></RemoveHeadersConfig></C>",
        ]
        for (kind, config) in configs {
            let policies = try [true, false].map { isManaged in
                PolicyRecord(
                    id: isManaged ? "managed" : "own", isManaged: isManaged,
                    lastModified: 1_795_459_475_000, config: try node(config))
            }
            state.contents.withLock { $0.policies[kind] = policies }
        }
        state.contents.withLock { $0.signers = SignerRecord.samples }
        return state
    }

    private func check(_ client: String, delay: Int64 = 0) throws {
        let (key, secret) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        let credential = APICredential(accessKeyID: key, secret: Secret(secret))
        let api = CloudFrontAPI(
            try state(),
            settings: APISettings(credentials: [credential], invalidationDelay: delay))
        let admin = try RunningAdmin(APISubject(api: api))
        let (status, output) = python(
            [
                script, client, "http://\(admin.server.boundEndpoints[0])",
                "EDFDVBD632BHDS",
            ],
            environment: [
                "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1", "no_proxy": "127.0.0.1",
            ])
        #expect(status == 0 && output.hasSuffix("as they should be\n"), "\(output)")
    }

    @Test(
        "boto3 signs, asks and understands every answer",
        .enabled(if: hasBoto, "make test installs boto3 into .build/python"))
    func library() throws { try check("boto3") }

    @Test(
        "boto3's waiter returns when an invalidation was in progress for as long as was asked for",
        .enabled(if: hasBoto, "make test installs boto3 into .build/python"))
    func waiter() throws { try check("waiter", delay: 500) }

    @Test(
        "the aws command does",
        .enabled(if: hasCommand, "make test installs awscli into .build/python"))
    func command() throws { try check("aws") }

    @Test("the table of members has all that AWS's own model has", .enabled(if: hasBoto))
    func members() {
        let (status, output) = python(["\(ProjectFiles.tests)Clients/fields.py"])
        let model = Set(output.split(separator: "\n").map(String.init))
        #expect(status == 0 && model.count > 90, "\(output)")
        // An older model knows fewer.
        #expect(model.subtracting(SchemaTests.known).sorted() == [])
    }

    @Test("AWS's own model takes what the project ships", .enabled(if: hasBoto))
    func shippedDocuments() {
        let tests = ProjectFiles.tests
        let (status, output) = python([
            "\(tests)Clients/model.py", "\(tests)../../conf/distribution.json",
            "\(tests)../../conf/policies",
        ])
        #expect(status == 0 && output == "valid: 1 distribution, 6 policies\n", "\(output)")
    }
}
