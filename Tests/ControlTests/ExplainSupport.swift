@testable import Control
@testable import Edge

/// An observer of nothing.
struct Unobserved: EventObserver {
    func note(_ event: EdgeEvent) {}
}

/// Explains requests to an edge without a store, so that every digest is the same each time.
struct ExplainBench {
    private let files = ExportFiles()

    /// Two behaviors and a default one: tiles by a cache policy, pages by ForwardedValues.
    static let export = Export(
        origins: [
            Export.origin(
                "maps",
                more: ", \"OriginPath\": \"/service\", \"CustomHeaders\": { \"Quantity\": 1, "
                    + "\"Items\": [ { \"HeaderName\": \"X-Origin-Secret\", "
                    + "\"HeaderValue\": \"tile\" } ] }"), Export.origin("pages", "both.test"),
        ],
        behaviors: [
            Export.behavior("maps", "/tiles/*"),
            Export.behavior(
                "pages", "/pages/*",
                caching: "\"ForwardedValues\": { \"QueryString\": true, "
                    + "\"QueryStringCacheKeys\": { \"Quantity\": 1, \"Items\": [ \"page\" ] }, "
                    + "\"Headers\": { \"Quantity\": 1, \"Items\": [ \"Accept-Language\" ] }, "
                    + "\"Cookies\": { \"Forward\": \"whitelist\", \"WhitelistedNames\": "
                    + "{ \"Quantity\": 1, \"Items\": [ \"theme\" ] } } }, \"MinTTL\": 1, "
                    + "\"DefaultTTL\": 60, \"MaxTTL\": 600"),
            Export.behavior("pages", "/tiles/*.html"),
        ], standard: Export.behavior("pages"),
        more: ", \"DefaultRootObject\": \"index.html\", \"Aliases\": { \"Quantity\": 1, "
            + "\"Items\": [ \"*.example.org\" ] }")

    /// - Parameters:
    ///   - export: nil: there is no distribution.
    ///   - text: the configuration file.
    func explain(
        _ url: String, _ fields: [String] = [], method: String = "GET",
        export: Export? = ExplainBench.export, file text: String = "", usesTLS: Bool = false
    ) throws -> Explanation {
        let request = try ExplainRequest(url, method: method, fields: fields)
        return try explain(head: request.head, export: export, file: text, usesTLS: usesTLS)
    }

    func explain(
        head: [UInt8], export: Export? = ExplainBench.export, file text: String = "",
        usesTLS: Bool = false
    ) throws -> Explanation {
        let given =
            try export.map { try files.reading($0, text) }
            ?? reading(text) { $0.origins = ["http://192.0.2.1:8000"] }
        guard given.isUsable else { throw Unprepared(what: "\(files.lines(given))") }
        let shared = EdgeShared(
            store: nil, budget: FillBudget(limit: 1 << 20), events: Unobserved(), mailboxes: [])
        let snapshot = SettingsSnapshot(given.configuration.settings, previous: nil)
        return try Explainer(shared, snapshot, now: 1_800_000_000_000)
            .explain(head, usesTLS: usesTLS)
    }
}
