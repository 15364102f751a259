import Testing
import WireTesting

@Suite("The operator's port")
struct AdminTests {
    private let edge: Edge

    init() throws { edge = try SharedEdge.edge() }

    @Test("says that it lives and that it is ready")
    func health() throws {
        #expect(try edge.admin("/healthz").status == 200)
        #expect(try edge.admin("/readyz").status == 200)
    }

    @Test("every metric has its help and its type, and every line is a sample")
    func metrics() throws {
        let text = try edge.admin("/metrics").text
        var described: Set<Substring> = []
        var typed: Set<Substring> = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3)
            if line.hasPrefix("# HELP ") {
                #expect(words.count == 4, "no help: \(line)")
                described.insert(words[2])
            } else if line.hasPrefix("# TYPE ") {
                typed.insert(words[2])
            } else {
                let name = line.prefix { $0 != "{" && $0 != " " }
                let family = ["_bucket", "_sum", "_count"].reduce(name) { name, suffix in
                    let stem = name.hasSuffix(suffix) ? name.dropLast(suffix.count) : name
                    return typed.contains(stem) ? stem : name
                }
                #expect(described.contains(family) && typed.contains(family), "\(line)")
                #expect(Double(line.split(separator: " ").last ?? "") != nil, "\(line)")
            }
        }
        #expect(described.count > 10)
    }

    @Test("requests are counted")
    func counts() throws {
        let origin = try Origin()
        let own = try Edge(origin: origin.url)
        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60"))
        for _ in 0..<7 { _ = try own.get(room.path()) }
        let text = try own.admin("/metrics").text
        let hits = text.split(separator: "\n").first { !$0.hasPrefix("#") && $0.contains("hit") }
        #expect(hits?.hasSuffix(" 6") == true, "\(hits ?? "no counter of hits")")
    }

    @Test("/status is JSON")
    func status() throws {
        let status = try JSON(edge.admin("/status").text)
        #expect(status["origins"]?.elements.count == 1)
        #expect(status["store"] != nil)
    }

    @Test("what is not there is 404, and a wrong method 405 with Allow")
    func refusals() throws {
        #expect(try edge.admin("/nothing").status == 404)
        let wrong = try edge.admin("/metrics", method: "POST")
        #expect(wrong.status == 405)
        #expect(wrong["Allow"] != nil)
        #expect(try edge.admin("/reload").status == 405)
    }

    @Test("viewers cannot reach it")
    func apart() throws {
        let room = try SharedEdge.origin().room()
        room.always(.ok(body: "the origin's"))
        #expect(try edge.get("/metrics").text.contains("# HELP") == false)
        #expect(try edge.get("/healthz").status == 404)
    }
}
