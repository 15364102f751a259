import CloudFront
import Edge
import Foundation
import Synchronization
import Testing

@testable import Control

/// Notes what is asked for, and refuses what is named.
private final class NotedEffects: DistributionEffects {
    struct Refusal: Error, CustomStringConvertible { let description = "no origin answers" }

    let comments = Mutex<[String]>([])
    let refused: Mutex<[String]>

    init(refusing comments: [String] = []) { refused = Mutex(comments) }

    let invalidated = Mutex<[InvalidationPath]>([])

    func invalidate(_ targets: [InvalidationPath], isSoft: Bool) throws(APIError) -> UInt64? {
        invalidated.withLock { $0 += targets }
        return 7
    }
    func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount { StoreCount() }
    func advice(on target: InvalidationPath) -> String? { target.advice(keysQueryStrings: true) }
    func update(_ distribution: Distribution) throws {
        let comment = distribution.config.comment
        guard refused.withLock({ !$0.contains(comment) }) else {
            if comment == "illegal" { throw APIError.illegalUpdate }
            throw Refusal()
        }
        comments.withLock { $0.append(comment) }
    }
}

@Suite("A distribution that remembers")
final class StoredDistributionTests {
    private let directory = FileManager.default.temporaryDirectory
        .appending(path: "distribution-\(UUID())").path

    init() throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// One that CloudFront takes.
    private func config(
        _ comment: String, policy: String = "658327ea-f89d-4fab-a63d-7e88639e58f6",
        root: String = ""
    ) -> ConfigNode {
        .map([
            "CallerReference": .text("r"), "Comment": .text(comment), "Enabled": .text(true),
            "DefaultRootObject": .text(root),
            "Origins": .quantity([
                .map([
                    "Id": .text("o"), "DomainName": .text("o.org"),
                    "CustomOriginConfig": .map([
                        "HTTPPort": .text(80), "HTTPSPort": .text(443),
                        "OriginProtocolPolicy": .text("http-only"),
                    ]),
                ])
            ]),
            "DefaultCacheBehavior": .map([
                "TargetOriginId": .text("o"), "ViewerProtocolPolicy": .text("allow-all"),
                "CachePolicyId": .text(policy),
            ]),
        ])
    }

    private func record(_ comment: String, lastModified: Int64 = 0) -> DistributionRecord {
        DistributionRecord(
            id: "E1", domainName: "d1.cloudfront.net", lastModified: lastModified,
            config: config(comment))
    }

    private func open(
        _ comment: String = "given", _ effects: NotedEffects = NotedEffects()
    ) throws -> StoredDistribution {
        let record = record(comment)
        return try StoredDistribution(
            record, policies: [:], directory: directory, effects: effects)
    }

    @Test("what is invalidated reaches the edge as it was written")
    func invalidation() throws {
        let effects = NotedEffects()
        var record = record("given")
        record.config = config("given", root: "index.html")
        let state = try StoredDistribution(
            record, policies: [:], directory: directory, effects: effects)
        let given = try ["/", "/?a=1", "/*", "/a/", "#tag"].map { try InvalidationPath($0) }
        #expect(try state.invalidate(given, isSoft: false) == 7)
        #expect(effects.invalidated.withLock { $0 } == given)
    }

    @Test("an update, tags and invalidations outlive a restart")
    func restart() throws {
        let effects = NotedEffects()
        let made = InvalidationRecord(
            id: "I1", created: 2, items: ["/*"], callerReference: "r", number: 3)
        let tags = [ResourceTag(key: "a", value: "")]
        do {
            let state = try open("given", effects)
            try state.apply(config("updated"), now: 5)
            try state.replaceTags(tags)
            try state.record(made)
        }
        #expect(effects.comments.withLock { $0 } == ["updated"])
        let again = try open()
        #expect(again.distribution.config.text("Comment") == "updated")
        #expect(again.distribution.lastModified == 5)
        #expect(again.tags == tags && again.invalidations == [made])
    }

    @Test("when the given configuration changes it wins, and tags stay")
    func changedBase() throws {
        do {
            let state = try open()
            try state.apply(config("updated"), now: 5)
            try state.replaceTags([ResourceTag(key: "a", value: "b")])
        }
        let again = try open("given anew")
        #expect(again.distribution.config.text("Comment") == "given anew")
        #expect(again.tags.count == 1)
    }

    /// Reloads, and says which update was to stay in force.
    private func renew(
        _ state: StoredDistribution, _ given: DistributionRecord, now: Int64 = 7
    ) throws -> String? {
        let policy = PolicyRecord(id: "p", isManaged: false, lastModified: 0, config: config("p"))
        var followed: String?
        try state.renew(
            given, policies: [.cache: [policy]], catalog: PolicyCatalog(), now: now
        ) { followed = $0?.text("Comment") }
        return followed
    }

    @Test("a reload that gives the same keeps an update, and another one wins")
    func renewal() throws {
        let state = try open()
        #expect(try renew(state, record("given")) == nil)
        #expect(state.distribution == record("given"))
        #expect(state.policies(.cache).map(\.id) == ["p"])
        try state.apply(config("updated"), now: 5)
        #expect(try renew(state, record("given")) == "updated")
        #expect(state.distribution.config == config("updated"))
        #expect(state.distribution.lastModified == 5)
        #expect(try renew(state, record("given anew"), now: 8) == nil)
        #expect(state.distribution.config == config("given anew"))
        #expect(state.distribution.lastModified == 8)
        // And after a restart, also as one that was read from its file, where its places are others.
        #expect(try open("given").distribution.lastModified == 0)
        let again = try open("given anew")
        #expect(again.distribution.lastModified == 8)
        #expect(try renew(again, record("given anew"), now: 9) == nil)
        #expect(again.distribution.lastModified == 8)
    }

    @Test("an export's own time and account are told until it is updated")
    func exported() throws {
        func opened(_ record: DistributionRecord) throws -> StoredDistribution {
            try StoredDistribution(
                record, policies: [:], directory: directory, effects: NotedEffects())
        }
        var given = record("given", lastModified: 40)
        given.arnPlace = "arn:aws-cn:cloudfront::999999999999"
        let state = try opened(given)
        // What is remembered beside it is no update.
        try state.replaceTags([ResourceTag(key: "a", value: "b")])
        given.lastModified = 41
        #expect(try opened(given).distribution.lastModified == 41)
        #expect(try renew(state, given, now: 50) == nil)
        #expect(state.distribution.lastModified == 41)
        #expect(try renew(state, record("given anew", lastModified: 42), now: 51) == nil)
        #expect(state.distribution.lastModified == 42)
        #expect(try renew(state, given, now: 52) == nil)
        #expect(state.distribution == given)
        try state.apply(config("updated"), now: 60)
        #expect(state.distribution.lastModified == 60)
        #expect(
            state.distribution.arn == "arn:aws-cn:cloudfront::999999999999:distribution/E1")
        #expect(try opened(given).distribution.lastModified == 60)
    }

    @Test("a reload that cannot be followed leaves everything as it was")
    func refusedRenewal() throws {
        let state = try open()
        try state.apply(config("updated"), now: 5)
        for given in [record("given"), record("given anew")] {
            #expect(throws: Unprepared.self) {
                try state.renew(given, policies: [:], catalog: PolicyCatalog(), now: 7) { _ in
                    throw Unprepared(what: "in force")
                }
            }
            #expect(state.distribution.config == config("updated"))
        }
        var other = record("given")
        other.id = "E2"
        #expect(try renew(state, other) == nil)
        #expect(state.distribution.id == "E2")
        #expect(state.distribution.config == config("given"))
    }

    @Test("a remembered update is resumed, or the given one is told until a start that can")
    func resuming() throws {
        try open().apply(config("updated"), now: 5)
        let state = try open()
        var resumed: [String?] = []
        try state.resume(else: record("given")) { config in resumed.append(config.text("Comment")) }
        #expect(throws: APIError.illegalUpdate) {
            try state.resume(else: record("given")) { _ throws(APIError) in
                throw .illegalUpdate
            }
        }
        #expect(state.distribution == record("given"))
        try state.resume(else: record("given")) { _ in resumed.append(nil) }
        #expect(resumed == ["updated"])
        #expect(try open().distribution.config.text("Comment") == "updated")
    }

    @Test("what is refused, or cannot be stored, leaves the old one in force")
    func refusals() throws {
        let effects = NotedEffects(refusing: ["bad", "illegal"])
        let state = try open("given", effects)
        #expect(throws: APIError.invalidArgument("no origin answers")) {
            try state.apply(config("bad"), now: 5)
        }
        #expect(throws: APIError.illegalUpdate) { try state.apply(config("illegal"), now: 5) }
        try FileManager.default.removeItem(atPath: directory)
        #expect(throws: APIError.self) { try state.apply(config("good"), now: 5) }
        #expect(effects.comments.withLock { $0 } == ["good", "given"])
        #expect(throws: APIError.self) { try state.replaceTags([]) }
        #expect(state.distribution.config == config("given"))
    }

    @Test("what CloudFront would refuse never reaches the edge, and has CloudFront's code")
    func judged() throws {
        let effects = NotedEffects()
        let state = try open("given", effects)
        var found: [APIError.Code] = []
        for wrong in [config("a", policy: "none"), .map(["Comment": .text("b")])] {
            do throws(APIError) {
                try state.apply(wrong, now: 5)
            } catch {
                found.append(error.code)
            }
        }
        #expect(found == [.noSuchCachePolicy, .invalidArgument])
        #expect(effects.comments.withLock { $0.isEmpty })
    }

    @Test("a file that makes no sense is as good as none")
    func nonsense() throws {
        try Data("<Stored".utf8).write(to: URL(filePath: directory + "/distribution.xml"))
        #expect(try open().distribution.config.text("Comment") == "given")
    }
}
