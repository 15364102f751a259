import CloudFront
import Edge
import HTTP
import Synchronization

@testable import Control

/// A distribution in memory.
final class ScriptedDistribution: DistributionState {
    struct Contents: Sendable {
        var record: DistributionRecord
        var policies: [PolicyKind: [PolicyRecord]] = [:]
        var signers: [SignerKind: [SignerRecord]] = [:]
        var invalidations: [InvalidationRecord] = []
        var tags: [ResourceTag] = []
        /// What was made stale, a batch an entry.
        var stale: [[InvalidationPath]] = []
        /// For each of them, whether it was soft.
        var isSoft: [Bool] = []
        /// What the next effect fails with.
        var failure: APIError?
    }

    let contents: Mutex<Contents>

    init(config: String = ScriptedDistribution.config) throws {
        let record = DistributionRecord(
            id: "EDFDVBD632BHDS", domainName: "d111111abcdef8.cloudfront.net",
            lastModified: 1_795_459_475_000, config: try node(config))
        contents = Mutex(Contents(record: record))
    }

    static let config =
        "<DistributionConfig><CallerReference>maps</CallerReference><Comment/>"
        + "<Enabled>true</Enabled><Aliases><Quantity>1</Quantity><Items><CNAME>a.org</CNAME>"
        + "</Items></Aliases><Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id>"
        + "<DomainName>o.org</DomainName></Origin></Items></Origins><DefaultCacheBehavior>"
        + "<TargetOriginId>o</TargetOriginId><ViewerProtocolPolicy>allow-all"
        + "</ViewerProtocolPolicy><AllowedMethods><Quantity>2</Quantity><Items><Method>HEAD"
        + "</Method><Method>GET</Method></Items><CachedMethods><Quantity>2</Quantity><Items>"
        + "<Method>HEAD</Method><Method>GET</Method></Items></CachedMethods></AllowedMethods>"
        + "<TrustedKeyGroups><Enabled>true</Enabled><Quantity>1</Quantity><Items><KeyGroup>k1"
        + "</KeyGroup></Items></TrustedKeyGroups></DefaultCacheBehavior></DistributionConfig>"

    var distribution: DistributionRecord { contents.withLock { $0.record } }
    func policies(_ kind: PolicyKind) -> [PolicyRecord] {
        contents.withLock { $0.policies[kind] ?? [] }
    }

    func signers(_ kind: SignerKind) -> [SignerRecord] {
        contents.withLock { $0.signers[kind] ?? [] }
    }

    func apply(_ config: ConfigNode, now: Int64) throws(APIError) {
        try effect {
            $0.record.config = config
            $0.record.lastModified = now
        }
    }

    func invalidate(_ targets: [InvalidationPath], isSoft: Bool) throws(APIError) -> UInt64? {
        try effect {
            $0.stale.append(targets)
            $0.isSoft.append(isSoft)
        }
        return UInt64(contents.withLock { $0.stale.count })
    }
    func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount {
        StoreCount(entries: targets.count, bytes: 2_048, isComplete: targets.count < 2)
    }
    func advice(on target: InvalidationPath) -> String? { target.advice(keysQueryStrings: true) }
    var invalidations: [InvalidationRecord] { contents.withLock { $0.invalidations } }
    func record(_ invalidation: InvalidationRecord) throws(APIError) {
        try effect { $0.invalidations.insert(invalidation, at: 0) }
    }
    var tags: [ResourceTag] { contents.withLock { $0.tags } }
    func replaceTags(_ tags: [ResourceTag]) throws(APIError) { try effect { $0.tags = tags } }

    private func effect(_ change: (inout Contents) -> Void) throws(APIError) {
        try contents.withLock { contents throws(APIError) in
            if let failure = contents.failure { throw failure }
            change(&contents)
        }
    }
}

/// A document of the API, from its XML.
func node(_ xml: String) throws -> ConfigNode {
    let bytes = Array(xml.utf8)
    return try APIDocument(parsing: bytes.span.bytes, limits: APIDocument.limits).node
}

/// An answer, read.
struct Answered {
    var status: Int
    var response: APIResponse
    /// Nothing, when there is no body.
    var root = ""
    var node = ConfigNode(.null)

    init(_ response: APIResponse) throws {
        status = response.status
        self.response = response
        guard !response.body.isEmpty else { return }
        let document = try APIDocument(
            parsing: response.body.span.bytes, limits: APIDocument.limits)
        root = document.root
        node = document.node
    }

    /// `404 NoSuchDistribution` for an error, else the status and the root.
    var line: String {
        "\(status) \(node["Error"]?.text("Code") ?? root)"
    }
    var message: String? { node["Error"]?.text("Message") }
}

/// Asks an API whose clock stands at 2026-11-23T18:44:37.123Z unless told.
struct Asking {
    static let now: Int64 = 1_795_459_477_123
    let api: CloudFrontAPI

    init(_ state: ScriptedDistribution, _ settings: APISettings = APISettings()) {
        api = CloudFrontAPI(state, settings: settings)
    }

    func callAsFunction(
        _ method: HTTP.Method, _ target: String, _ body: String = "",
        headers: [(String, String)] = [], now: Int64 = Asking.now
    ) throws -> Answered {
        let parts = target.split(separator: "?", maxSplits: 1).map { String($0) }
        let request = APIRequest(
            id: "55165787-1a8f-474b-b747-b7c4541e9972", method: method,
            path: "/2020-05-31" + parts[0], query: parts.count > 1 ? parts[1] : "",
            headers: headers, body: Array(body.utf8))
        return try Answered(api.answer(request, now: now))
    }

    func invalidate(
        _ paths: [String], reference: String, now: Int64 = Asking.now
    ) throws -> Answered {
        try self(
            .post, "/distribution/EDFDVBD632BHDS/invalidation", Asking.batch(paths, reference),
            now: now)
    }

    static func batch(_ paths: [String], _ reference: String, quantity: Int? = nil) -> String {
        let items = paths.map { "<Path>\($0)</Path>" }.joined()
        return "<InvalidationBatch><CallerReference>\(reference)</CallerReference><Paths>"
            + "<Quantity>\(quantity ?? paths.count)</Quantity><Items>\(items)</Items></Paths>"
            + "</InvalidationBatch>"
    }
}
