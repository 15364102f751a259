import CloudFront
import HTTP

/// A request to the admin port, as far as it matters there.
struct AdminRequest {
    var method: Method
    var path: String
    /// What follows the first `?`.
    var query = ""
    var body: [UInt8] = []
    /// Of its Host field.
    var host = ""
    /// It came to a listener for the site's own calls.
    var isFromSite = false
    /// It was made by a page in a browser for another site than the one it was loaded from.
    var isCrossSite = false

    /// It changes nothing.
    var isReading: Bool { method == .get || method == .head }

    /// The decoded value of a query parameter; nil if it is absent.
    func parameter(_ name: String) -> String? {
        queryParameters(query).first { $0.name == name }?.value
    }
}

/// An answer of the admin port.
struct AdminResponse: Equatable {
    var status: Int
    var contentType = "text/plain; charset=utf-8"
    var body: [UInt8]
    /// Methods for `Allow`, with a 405 (RFC 9110 §15.5.6).
    var allow: String?

    init(_ status: Int, _ text: String) {
        self.status = status
        body = Array((text + "\n").utf8)
    }

    init(_ status: Int, type: String, _ body: [UInt8]) {
        self.status = status
        contentType = type
        self.body = body
    }
}

/// The admin port's paths.
///
/// - `GET /metrics`: all numbers, Prometheus text format 0.0.4.
/// - `GET /healthz`: 200 while the process lives and every loop turns; a supervisor should restart
///   the process when it is 503.
/// - `GET /readyz`: 200 while viewers can be served, if need be without storing (the body then says
///   "degraded"); 503 before and after. A load balancer should send viewers elsewhere then.
/// - `GET /status`: pools, store and loops as JSON.
/// - `POST /reload`: reads the configuration again; 422 with a line for each mistake when it is
///   refused, and the old one stays in force.
/// - `POST /explain`: what would be done with the request whose head is the body, and why; of two
///   heads, why they do not share an object. `?json` for programs, `?https` as if over TLS.
/// - `POST /truncate?layer=WORKSPACE:NAME&bbox=W,S,E,N`: makes the stored tiles of a layer stale,
///   all or those that show something of the box. `POST .../gwc/rest/masstruncate` and
///   `.../gwc/rest/seed/LAYER.xml` do what GeoWebCache would do to its own tiles: of type seed and
///   reseed the edge fetches them. `GET .../gwc/rest/seed.json` and `.../seed/LAYER.json` tell what
///   waits and runs, `kill_all` in a form ends it. `.../gwc/rest/layers` and `.../diskquota` tell
///   of layers and space.
/// - `GET /seed/word`: by what the edge knows `mapedge seed` for an operator's, so that its tiles
///   are those of viewers over TLS where they have to come so; 404 where it tells nobody.
/// - `GET /clock`: the time that the edge goes by, as JSON. `POST /clock/advance?by=24h` and
///   `POST /clock/set?to=2026-12-01T00:00:00Z` move it, where it is a manual one, and answer when
///   every loop has followed; 409 where it cannot be moved so.
/// - `POST /record/start`: keeps what passes, in memory and within bounds. `POST /record/stop` ends
///   that and answers with it as a scenario; `?path=/a*` keeps what is asked for so, `?name=` names
///   it, `?secrets=true` leaves credentials in. `POST /record/last?milliseconds=N` answers alike
///   with what has passed, as far as that is kept.
/// - `/2020-05-31/...`: CloudFront's API, where there is a distribution; see ``CloudFrontAPI``.
struct AdminRoutes {
    let subject: any AdminSubject

    func answer(_ request: AdminRequest) -> AdminResponse {
        switch request.path {
        case "/metrics": reading(request) { metrics() }
        case "/healthz": reading(request) { health() }
        case "/readyz": reading(request) { readiness() }
        case "/status":
            reading(request) {
                AdminResponse(200, type: "application/json", subject.statusJSON())
            }
        case "/reload": reload(request)
        case "/explain": explain(request)
        case "/truncate": truncate(request)
        case "/seed/word": reading(request) { seederWord(request) }
        case "/record/start": startRecording(request)
        case "/record/stop": stopRecording(request)
        case "/record/last": lookBack(request)
        case "/clock": reading(request) { showClock() }
        case "/clock/advance": moveClock(request, "by", ClockMove.init(advance:))
        case "/clock/set": moveClock(request, "to", ClockMove.init(set:))
        default:
            startingAPI(request) ?? tileCache(request)
                ?? AdminResponse(
                    404,
                    "nothing is here; there are /metrics, /healthz, /readyz, /status, /reload, "
                        + "/clock, /record/start, /truncate and /explain")
        }
    }

    /// The control API, if that is what the request is for.
    func api(for request: AdminRequest) -> CloudFrontAPI? {
        request.path.hasPrefix(CloudFrontAPI.pathPrefix + "/") ? subject.api : nil
    }

    /// What the control API's clients ask again, for as long as it is not there yet.
    private func startingAPI(_ request: AdminRequest) -> AdminResponse? {
        guard subject.isStarting, request.path.hasPrefix(CloudFrontAPI.pathPrefix + "/") else {
            return nil
        }
        let error = APIError.serviceUnavailable("The edge is starting; try again in a moment.")
        let answer = Answer(error, randomUUID())
        return AdminResponse(
            answer.status, type: "text/xml", Array((answer.document?.xml ?? "").utf8))
    }

    private func reading(
        _ request: AdminRequest, _ answer: () -> AdminResponse
    ) -> AdminResponse {
        request.isReading ? answer() : refused(request, allow: "GET, HEAD")
    }

    func refused(_ request: AdminRequest, allow: String) -> AdminResponse {
        var response = AdminResponse(405, "\(request.path) takes \(allow) only")
        response.allow = allow
        return response
    }

    private func metrics() -> AdminResponse {
        let text = exposition(subject.counters(), subject.histograms())
        return AdminResponse(
            200, type: "text/plain; version=0.0.4; charset=utf-8", Array(text.utf8))
    }

    private func health() -> AdminResponse {
        subject.isTurning
            ? AdminResponse(200, "ok")
            : AdminResponse(503, "a loop has not turned for some seconds; restart the process")
    }

    private func readiness() -> AdminResponse {
        switch subject.fitness {
        case .ready: AdminResponse(200, "ready")
        case .degraded(let reason): AdminResponse(200, "ready, degraded: \(reason)")
        case .unfit(let reason): AdminResponse(503, "not ready: \(reason)")
        }
    }

    /// The refusal of a request that may not change anything; nil if it may.
    func acting(_ request: AdminRequest) -> AdminResponse? {
        guard request.method == .post else { return refused(request, allow: "POST") }
        return crossSiteRefusal(request)
    }

    /// A page that an operator looks at must not act on the operator's own machine.
    func crossSiteRefusal(_ request: AdminRequest) -> AdminResponse? {
        request.isCrossSite
            ? AdminResponse(403, "this was asked by a page of another site") : nil
    }

    private func reload(_ request: AdminRequest) -> AdminResponse {
        if let refusal = acting(request) { return refusal }
        switch subject.reload() {
        case .swapped(let warnings):
            return AdminResponse(
                200, (warnings.map(\.description) + ["reloaded"]).joined(separator: "\n"))
        case .refused(let reasons):
            return AdminResponse(422, reasons.joined(separator: "\n"))
        }
    }
}
