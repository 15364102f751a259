import HTTP

/// Which seeds are ended.
public enum SeedEnding: Sendable, Equatable {
    case all, running, pending
    case task(Int64)

    /// As GeoWebCache's forms say it.
    init?(_ fields: [(name: String, value: String)]) {
        func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        if let id = value("thread_id").flatMap({ Int64($0) }), value("kill_thread") != nil {
            self = .task(id)
            return
        }
        switch value("kill_all") {
        case "all", "1": self = .all
        case "running": self = .running
        case "pending": self = .pending
        default: return nil
        }
    }
}

// Seeds that the edge runs for itself, by GeoWebCache's interface.
extension AdminRoutes {
    /// `GET .../gwc/rest/seed.json`, `.../seed/LAYER.json`: what waits and runs. `POST .../seed`
    /// and `.../seed/LAYER` with a form that has `kill_all` or `kill_thread`: ends it. `POST
    /// .../seed/LAYER.xml`, `.json`, or the page's form, of type `seed` or `reseed`: has tiles
    /// fetched. nil for a truncation, which is none of these.
    func seedTask(_ request: AdminRequest, _ path: TileCachePath) -> AdminResponse? {
        let layer = Self.layer(of: path.resource)
        if request.isReading {
            let rows = subject.seedStatus(of: layer).map { row in
                JSON.list(row.map { .number($0) })
            }
            return AdminResponse(
                200, type: "application/json",
                Array(JSON.object([("long-array-array", .list(rows))]).encoded.utf8))
        }
        if let refusal = acting(request) { return refusal }
        let isDocument = [UInt8(ascii: "<"), UInt8(ascii: "{")].contains(
            request.body.first { $0 > 0x20 } ?? 0)
        let form = isDocument ? [] : queryParameters(String(decoding: request.body, as: UTF8.self))
        if let ending = SeedEnding(form) {
            return done { () throws(TruncationRefusal) in
                try subject.endSeeds(ending, of: layer, bySite: request.isFromSite)
            }
        }
        guard let layer, let wanted = SeedRequestDocument(request.body) else {
            return AdminResponse(
                400,
                "that is no seed; send a seedRequest with a layer, of type seed, reseed or "
                    + "truncate, or a form with kill_all")
        }
        guard wanted.kind != .truncate else { return nil }
        guard var options = wanted.options(of: layer) else {
            return AdminResponse(
                400,
                "a seed needs zoomStart and zoomStop, and bounds of four numbers or none, in the "
                    + "units of the grid set")
        }
        // What stands before it in the path is where the services lie.
        if !path.context.isEmpty { options.path = path.context }
        return done { () throws(TruncationRefusal) in
            try subject.seed(options, threads: wanted.threads, bySite: request.isFromSite)
        }
    }

    /// For a program on this machine, and no page that it looks at.
    func seederWord(_ request: AdminRequest) -> AdminResponse {
        if let refusal = crossSiteRefusal(request) { return refusal }
        return subject.seederWord.map { AdminResponse(200, $0) }
            ?? AdminResponse(
                404, "the edge is not serving yet, or other machines reach its admin port")
    }

    /// As GeoWebCache says that it has taken something in, or why that is not so.
    private func done(_ act: () throws(TruncationRefusal) -> Void) -> AdminResponse {
        do throws(TruncationRefusal) {
            try act()
            return AdminResponse(200, type: "text/plain", [])
        } catch {
            return AdminResponse(error.status, error.text)
        }
    }
}
