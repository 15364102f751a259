import HTTP
import Testing

@testable import Control
@testable import Edge

/// An edge of which everything is made up.
final class ScriptedSubject: AdminSubject {
    let isTurning: Bool
    let fitness: Fitness
    let outcome: ReloadOutcome
    let isStarting: Bool
    let adminHosts: [String]?

    init(
        isTurning: Bool = true, fitness: Fitness = .ready, outcome: ReloadOutcome = .swapped([]),
        isStarting: Bool = false, adminHosts: [String]? = nil
    ) {
        self.adminHosts = adminHosts
        (self.isTurning, self.isStarting) = (isTurning, isStarting)
        self.fitness = fitness
        self.outcome = outcome
    }

    func counters() -> [CounterSample] {
        let labels = { [("origin", "a\"b\\c\nd"), ("member", $0)] }
        return [
            CounterSample(name: "edge_x_total", help: "x, by\nline", kind: .counter, value: 3),
            CounterSample(
                name: "edge_y", help: "y", kind: .gauge, labels: labels("1"), value: 0.5),
            CounterSample(name: "edge_z", help: "a \\ b", kind: .gauge, value: .infinity),
            CounterSample(
                name: "edge_y", help: "y", kind: .gauge, labels: labels("2"), value: 1e18),
        ]
    }

    func histograms() -> [HistogramSample] {
        [
            HistogramSample(
                name: "edge_seconds", help: "time",
                buckets: [(bound: 0.001, count: 2), (bound: .infinity, count: 5)], sum: 1.25)
        ]
    }

    func statusJSON() -> [UInt8] { Array("{\"version\":\"1\",\"origins\":[]}".utf8) }
    func reload() -> ReloadOutcome { outcome }
}

@Suite("Admin port: what each path answers")
struct AdminRouteTests {
    private func answer(
        _ subject: ScriptedSubject, _ method: Method, _ path: String, isCrossSite: Bool = false
    ) -> AdminResponse {
        AdminRoutes(subject: subject).answer(
            AdminRequest(method: method, path: path, isCrossSite: isCrossSite))
    }

    private func text(_ response: AdminResponse) -> String {
        String(decoding: response.body, as: UTF8.self)
    }

    @Test("the control API's clients ask again while the edge starts, and not where there is none")
    func starting() {
        let path = "/2020-05-31/distribution"
        let early = answer(ScriptedSubject(isStarting: true), .get, path)
        #expect(early.status == 503 && early.contentType == "text/xml")
        let text = String(decoding: early.body, as: UTF8.self)
        #expect(text.contains("<Code>ServiceUnavailable</Code>"), "\(text)")
        #expect(answer(ScriptedSubject(), .get, path).status == 404)
        #expect(answer(ScriptedSubject(isStarting: true), .get, "/nothing").status == 404)
    }

    @Test("a recording is begun and ended by POST, from no other site, and not of one that starts")
    func recording() {
        for path in ["/record/start", "/record/stop"] {
            #expect(answer(ScriptedSubject(), .get, path).status == 405)
            #expect(answer(ScriptedSubject(), .post, path, isCrossSite: true).status == 403)
            let refused = answer(ScriptedSubject(), .post, path)
            #expect(refused.status == 503)
            #expect(text(refused) == "the edge is not serving yet; try again\n")
        }
        let last = "/record/last"
        #expect(answer(ScriptedSubject(), .get, last).status == 405)
        #expect(answer(ScriptedSubject(), .post, last, isCrossSite: true).status == 403)
        #expect(answer(ScriptedSubject(), .post, last).status == 400)
        let early = AdminRoutes(subject: ScriptedSubject()).answer(
            AdminRequest(method: .post, path: last, query: "milliseconds=1"))
        #expect(early.status == 503)
    }

    @Test("/metrics is Prometheus text: one HELP and TYPE for each name, its samples together")
    func metrics() {
        let response = answer(ScriptedSubject(), .get, "/metrics")
        #expect(response.status == 200)
        #expect(response.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            text(response) == #"""
                # HELP edge_x_total x, by\nline
                # TYPE edge_x_total counter
                edge_x_total 3
                # HELP edge_y y
                # TYPE edge_y gauge
                edge_y{origin="a\"b\\c\nd",member="1"} 0.5
                edge_y{origin="a\"b\\c\nd",member="2"} 1000000000000000000
                # HELP edge_z a \\ b
                # TYPE edge_z gauge
                edge_z +Inf
                # HELP edge_seconds time
                # TYPE edge_seconds histogram
                edge_seconds_bucket{le="0.001"} 2
                edge_seconds_bucket{le="+Inf"} 5
                edge_seconds_sum 1.25
                edge_seconds_count 5

                """#)
    }

    @Test("/healthz is 200 while every loop turns")
    func health() {
        #expect(answer(ScriptedSubject(), .get, "/healthz").status == 200)
        #expect(answer(ScriptedSubject(isTurning: false), .get, "/healthz").status == 503)
    }

    @Test(
        "/readyz is 200 while viewers can be served, and says why not, or not well",
        arguments: [
            (Fitness.ready, 200, "ready\n"),
            (
                .degraded("the store is serve-only"), 200,
                "ready, degraded: the store is serve-only\n"
            ),
            (.unfit("stopping"), 503, "not ready: stopping\n"),
        ])
    func readiness(_ fitness: Fitness, _ status: Int, _ body: String) {
        let response = answer(ScriptedSubject(fitness: fitness), .get, "/readyz")
        #expect(response.status == status)
        #expect(text(response) == body)
    }

    @Test("/status is JSON")
    func status() {
        let response = answer(ScriptedSubject(), .get, "/status")
        #expect(response.status == 200)
        #expect(response.contentType == "application/json")
    }

    @Test("a reload that is refused is 422 with a line for each reason")
    func refusedReload() {
        let subject = ScriptedSubject(outcome: .refused(["edge.yaml:1: a; b", "c; d"]))
        let response = answer(subject, .post, "/reload")
        #expect(response.status == 422)
        #expect(text(response) == "edge.yaml:1: a; b\nc; d\n")
    }

    @Test("a reload tells its warnings")
    func reloadWithWarnings() {
        let warning = Finding(.warning, at: .line(file: "edge.yaml", 2), "a", "b")
        let response = answer(ScriptedSubject(outcome: .swapped([warning])), .post, "/reload")
        #expect(response.status == 200)
        #expect(text(response) == "edge.yaml:2: warning: a; b\nreloaded\n")
    }

    @Test("a page of another site cannot reload the edge of whoever looks at it")
    func crossSite() {
        let response = answer(ScriptedSubject(), .post, "/reload", isCrossSite: true)
        #expect(response.status == 403)
    }

    @Test(
        "other methods are 405 with Allow (RFC 9110 §15.5.6), other paths 404",
        arguments: [
            (Method.post, "/metrics", 405, "GET, HEAD"), (.delete, "/status", 405, "GET, HEAD"),
            (.get, "/reload", 405, "POST"), (.head, "/reload", 405, "POST"),
            (.get, "/nothing", 404, nil), (.get, "/", 404, nil), (.get, "/metrics/", 404, nil),
        ] as [(Method, String, Int, String?)])
    func refusals(_ method: Method, _ path: String, _ status: Int, _ allow: String?) {
        let response = answer(ScriptedSubject(), method, path)
        #expect(response.status == status)
        #expect(response.allow == allow)
    }
}
