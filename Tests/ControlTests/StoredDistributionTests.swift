import CloudFront
import Foundation
import Synchronization
import Testing

@testable import Control

/// Notes what is asked for, and refuses what is named.
private final class NotedEffects: DistributionEffects {
    let comments = Mutex<[String]>([])
    let refused: String?

    init(refusing comment: String? = nil) { refused = comment }

    func check(_ items: [String]) throws(APIFault) {}
    func invalidate(_ items: [String]) throws(APIFault) {}
    func swap(to config: ConfigNode) throws(APIFault) {
        let comment = config.text("Comment") ?? ""
        if comment == refused { throw .invalidArgument("no") }
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

    private func config(_ comment: String) -> ConfigNode { .map(["Comment": .text(comment)]) }

    private func open(
        _ comment: String = "given", _ effects: NotedEffects = NotedEffects()
    ) throws -> StoredDistribution {
        let record = DistributionRecord(
            id: "E1", domainName: "d1.cloudfront.net", lastModified: 1, config: config(comment))
        return try StoredDistribution(
            record, policies: [:], directory: directory, effects: effects)
    }

    @Test("an update, tags and invalidations outlive a restart")
    func restart() throws {
        let effects = NotedEffects()
        let made = InvalidationRecord(
            id: "I1", created: 2, items: ["/*"], callerReference: "r")
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

    @Test("a reload that gives the same keeps an update, and another one wins")
    func renewal() throws {
        let state = try open()
        let policy = PolicyRecord(id: "p", isManaged: false, lastModified: 0, config: config("p"))
        func renew(_ comment: String) throws -> String? {
            let record = DistributionRecord(
                id: "E1", domainName: "d1.cloudfront.net", lastModified: 1,
                config: config(comment))
            var followed: String?
            try state.renew(record, policies: [.cache: [policy]]) {
                followed = $0?.text("Comment")
            }
            return followed
        }
        #expect(try renew("given") == nil)
        #expect(state.policies(.cache).map(\.id) == ["p"])
        try state.apply(config("updated"), now: 5)
        #expect(try renew("given") == "updated")
        #expect(state.distribution.config.text("Comment") == "updated")
        #expect(try renew("given anew") == nil)
        #expect(state.distribution.config.text("Comment") == "given anew")
        let record = DistributionRecord(
            id: "E2", domainName: "d2.cloudfront.net", lastModified: 1, config: config("given"))
        #expect(throws: Unprepared.self) {
            try state.renew(record, policies: [:]) { _ in throw Unprepared(what: "in force") }
        }
        #expect(state.distribution.id == "E1" && state.policies(.cache).count == 1)
    }

    @Test("what is refused, or cannot be stored, leaves the old one in force")
    func refusals() throws {
        let effects = NotedEffects(refusing: "bad")
        let state = try open("given", effects)
        #expect(throws: APIFault.invalidArgument("no")) {
            try state.apply(config("bad"), now: 5)
        }
        try FileManager.default.removeItem(atPath: directory)
        #expect(throws: APIFault.self) { try state.apply(config("good"), now: 5) }
        #expect(effects.comments.withLock { $0 } == ["good", "given"])
        #expect(throws: APIFault.self) { try state.replaceTags([]) }
        #expect(state.distribution.config == config("given"))
    }

    @Test("a file that makes no sense is as good as none")
    func nonsense() throws {
        try Data("<Stored".utf8).write(to: URL(filePath: directory + "/distribution.xml"))
        #expect(try open().distribution.config.text("Comment") == "given")
    }
}
