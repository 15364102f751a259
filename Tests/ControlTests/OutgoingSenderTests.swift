import Caching
import CloudFront
import Synchronization
import Testing

@testable import Control
@testable import Edge

/// Invalidations as a log has them: one rule under each number.
private final class Log: Sendable {
    private let state = Mutex<(rules: [InvalidationRule], retired: UInt64)>(([], 0))

    /// - Parameter host: that of a write's own target, which CloudFront is not told of.
    func add(_ path: String, host: String? = nil) {
        let rule = InvalidationRule(.target, host: host.map { Array($0.utf8) }, Array(path.utf8))
        state.withLock { $0.rules.append(rule) }
    }
    func retire(upTo number: UInt64) { state.withLock { $0.retired = number } }

    func rules(after number: UInt64) -> (
        rules: [InvalidationRule]?, retired: UInt64, upTo: UInt64
    ) {
        state.withLock { state in
            let latest = UInt64(state.rules.count)
            let rest = state.rules.dropFirst(Int(clamping: number))
            return (number < state.retired ? nil : Array(rest), state.retired, latest)
        }
    }
}

/// What stands for CloudFront: takes what it is told to take.
private final class FakeCloudFront: Sendable {
    let failure = Mutex<AWSError?>(nil)
    let batches = Mutex<[OutgoingBatch]>([])
    /// What stood in the sender's file when it called.
    let kept = Mutex<[OutgoingBatch?]>([])
    private let path: String

    init(path: String) { self.path = path }

    var calls: OutgoingCalls {
        OutgoingCalls(
            create: { [self] batch throws(AWSError) in
                batches.withLock { $0.append(batch) }
                let text = (try? readTextFile(path)) ?? ""
                kept.withLock { $0.append(OutgoingRecord(text)?.batch) }
                if let error = failure.withLock({ $0 }) { throw error }
                return ("I\(batches.withLock { $0.count })", true)
            }, isCompleted: { _ in true })
    }

    /// What has come since.
    func take() -> [OutgoingBatch] {
        batches.withLock { batches in
            defer { batches = [] }
            return batches
        }
    }
}

/// Moved by the test.
private final class HandClock: Sendable {
    let now = Mutex<Int64>(0)
}

@Suite("Outgoing invalidations: what is sent, what is remembered, what is told of it")
struct OutgoingSenderTests {
    private let files = ExportFiles()
    private let log = Log()
    private let cloudfront: FakeCloudFront
    private let observer = Noting()
    private let clock = HandClock()

    init() { cloudfront = FakeCloudFront(path: files.directory + "/told") }

    private var path: String { files.directory + "/told" }

    private func sender(_ distribution: String = "E1") -> OutgoingSender {
        var settings = OutgoingSettings()
        settings.distribution = distribution
        return OutgoingSender(
            settings, path: path, source: { [log] in log.rules(after: $0) },
            calls: cloudfront.calls, at: clock.now.withLock { $0 }, events: observer, dice: { 0 })
    }

    private func turn(_ sender: OutgoingSender, after seconds: Int64 = 6) {
        let time = clock.now.withLock { now in
            now += seconds * 1_000
            return now
        }
        sender.tick { time }
        sender.drain()
    }

    @Test("at first everything is told, and then what comes")
    func first() throws {
        log.add("/old")
        let sender = sender()
        #expect(sender.startsAnew)
        turn(sender)
        #expect(cloudfront.take().map(\.items) == [["/*"]])
        for name in ["/a", "/b"] { log.add(name) }
        turn(sender, after: 1)
        #expect(cloudfront.take().isEmpty, "it gathers")
        turn(sender)
        #expect(cloudfront.take().map(\.items) == [["/a", "/b"]])
        #expect(sender.shown.core.record.told == 3)
        let status = sender.status(at: 0)
        #expect(status.weakness == nil && status.told == 3 && status.waiting == 0)
    }

    @Test("a process that ends before it has told everything leaves that to the next")
    func owing() throws {
        log.add("/old")
        // Since the machine started, so that the record is long overdue.
        clock.now.withLock { $0 = 3_600_000 }
        let first = sender()
        #expect(first.startsAnew)
        turn(first, after: 1)
        first.close(at: 3_601_000)
        #expect(cloudfront.take().isEmpty)
        let second = sender()
        #expect(second.startsAnew)
        turn(second)
        #expect(cloudfront.take().map(\.items) == [["/*"]])
    }

    @Test("the next process sends what this one could not, under the same reference")
    func restart() throws {
        let first = sender()
        turn(first)
        _ = cloudfront.take()
        cloudfront.failure.withLock { $0 = AWSError(.unavailable, "away") }
        log.add("/a")
        turn(first, after: 1)
        turn(first)
        log.add("/b")
        turn(first)
        let sent = try #require(cloudfront.take().last)
        #expect(sent.items == ["/a"])
        // It ends without a word.
        cloudfront.failure.withLock { $0 = nil }
        log.add("/c")
        let second = sender()
        #expect(!second.startsAnew)
        turn(second, after: 0)
        #expect(cloudfront.take() == [sent])
        turn(second)
        let next = cloudfront.take()
        #expect(next.map(\.items) == [["/b", "/c"]])
        #expect(next.first?.reference != sent.reference)
        // One that ends in order has told all.
        second.close(at: 0)
        log.retire(upTo: 3)
        let third = sender()
        #expect(!third.startsAnew)
        turn(third)
        #expect(cloudfront.take().isEmpty)
    }

    @Test("what is sent is on disk before, and what was taken after")
    func order() {
        let sender = sender()
        turn(sender)
        for name in ["/a", "/b"] {
            log.add(name)
            turn(sender, after: 1)
            turn(sender)
        }
        #expect(cloudfront.kept.withLock { $0.map(\.?.items) } == [["/*"], ["/a"], ["/b"]])
        let record = OutgoingRecord((try? readTextFile(path)) ?? "")
        #expect(record?.batch == nil && record?.told == 2)
    }

    @Test("where the log does not reach back, or another distribution is told, it is all")
    func forgotten() throws {
        let first = sender()
        turn(first)
        _ = cloudfront.take()
        log.add("/a")
        log.add("/b")
        log.retire(upTo: 1)
        let second = sender()
        #expect(second.startsAnew)
        turn(second)
        #expect(cloudfront.take().map(\.items) == [["/*"]])
        // While it runs, too.
        for name in ["/c", "/d"] { log.add(name) }
        log.retire(upTo: 3)
        turn(second, after: 1)
        turn(second)
        #expect(cloudfront.take().map(\.items) == [["/*"]])
        #expect(sender("E2").startsAnew)
    }

    @Test("numbers that do not concern CloudFront are remembered, if not at once")
    func unconcerned() throws {
        let first = sender()
        turn(first)
        _ = cloudfront.take()
        let told = { OutgoingRecord((try? readTextFile(path)) ?? "")?.told }
        #expect(told() == 0)
        log.add("/account/login", host: "maps.example.org")
        turn(first, after: 1)
        #expect(told() == 0)
        turn(first, after: 61)
        #expect(told() == 1 && cloudfront.take().isEmpty)
    }

    @Test("a failure is told once, with what to do, and its end")
    func told() throws {
        let sender = sender()
        let seen = observer.texts.count
        cloudfront.failure.withLock {
            $0 = AWSError(
                "CreateInvalidation",
                HTTPReply(
                    status: 403,
                    body: Array(
                        "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
                            .utf8)))
        }
        for _ in 0..<3 { turn(sender, after: 120) }
        #expect(observer.texts.count == seen + 1)
        let text = try #require(observer.texts.last)
        #expect(text.hasPrefix("CreateInvalidation was answered AccessDenied"))
        #expect(text.contains("nothing reaches CloudFront until that is mended"))
        let time = clock.now.withLock { $0 }
        #expect(sender.status(at: time).weakness?.contains("AccessDenied") == true)
        let failures = sender.samples(at: time).first {
            $0.name == "mapedge_cloudfront_invalidation_failures_total"
        }
        #expect(failures?.value == 3)
        cloudfront.failure.withLock { $0 = nil }
        turn(sender, after: 300)
        #expect(observer.texts.last == "CloudFront takes invalidations again")
        #expect(sender.status(at: time).weakness == nil)
    }

    @Test(
        "what an error means for a batch",
        arguments: [
            (400, "TooManyInvalidationsInProgress", "", .quotaExceeded),
            (400, "InvalidArgument", "one or more invalid invalidation paths.", .itemsRefused),
            (
                400, "InvalidArgument",
                "Your request contains a caller reference that was used for a previous batch",
                .referenceUsed
            ),
            (409, "InvalidationBatchAlreadyExists", "", .referenceUsed),
            (413, "BatchTooLarge", "", .itemsRefused), (400, "Throttling", "", .throttled),
            (429, "", "", .throttled), (503, "ServiceUnavailable", "", .unavailable),
            (400, "ExpiredToken", "", .unavailable), (403, "AccessDenied", "", .refused),
            (404, "NoSuchDistribution", "", .refused),
        ] as [(Int, String, String, OutgoingInvalidations.Answer)])
    func meaning(
        _ status: Int, _ code: String, _ message: String, _ answer: OutgoingInvalidations.Answer
    ) {
        let body =
            "<ErrorResponse><Error><Code>\(code)</Code><Message>\(message)</Message></Error>"
            + "</ErrorResponse>"
        let error = AWSError(
            "CreateInvalidation", HTTPReply(status: status, body: Array(body.utf8)))
        #expect(OutgoingInvalidations.Answer(error) == answer)
    }

    @Test("a batch is written as the API wants it, and signed for it")
    func wire() throws {
        let batch = OutgoingBatch(reference: "r-1", items: ["/a?b=1&c=2", "#layer:w:x"], upTo: 1)
        let text = String(decoding: batch.document, as: UTF8.self)
        #expect(
            text.hasSuffix(
                "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">"
                    + "<Paths><Quantity>2</Quantity><Items><Path>/a?b=1&amp;c=2</Path>"
                    + "<Path>#layer:w:x</Path></Items></Paths>"
                    + "<CallerReference>r-1</CallerReference></InvalidationBatch>"))
        let url = try #require(
            ServiceURL("https://cloudfront.amazonaws.com/2020-05-31/distribution/E1/invalidation"))
        let credentials = try #require(
            AWSCredentials(environment: [
                "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
            ]))
        let call = try RESTRequest(
            service: .cloudFront, method: "POST", body: batch.document
        ).signed(for: url, by: credentials, region: "us-east-1", at: 1_764_000_000_000)
        let field = call.headers.first { $0.name == "Authorization" }?.value ?? ""
        #expect(field.contains("/us-east-1/cloudfront/aws4_request"))
        #expect(field.contains("SignedHeaders=host;x-amz-date,"))
    }

    @Test(
        "where CloudFront is asked",
        arguments: [
            (nil, "us-east-1", "https://cloudfront.amazonaws.com"),
            (nil, "cn-northwest-1", "https://cloudfront.cn-northwest-1.amazonaws.com.cn"),
            ("http://127.0.0.1:5000", "us-east-1", "http://127.0.0.1:5000"),
        ])
    func endpoint(_ endpoint: String?, _ region: String, _ url: String) {
        var settings = AWSSettings()
        settings.endpoint = endpoint
        #expect(AWSService.cloudFront.endpoint(settings, [:], region: region) == url)
    }
}
