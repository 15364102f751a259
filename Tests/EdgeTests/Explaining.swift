import Caching
import Reactor

@testable import Edge

/// An edge of one member and one behavior that explains what it would do.
struct Explaining {
    static let now: Milliseconds = 1_800_000_000_000

    static func settings(mode: Mode = .cloudfront) -> Settings {
        var settings = Settings()
        settings.mode = mode
        var origin = OriginSettings()
        origin.members = [
            MemberSettings(
                name: "http://192.0.2.1", endpoints: [.ip(.loopback(port: 1))],
                authority: "192.0.2.1")
        ]
        settings.origins = [origin]
        settings.behaviors = [BehaviorSettings(policy: .standard(mode: mode))]
        return settings
    }

    /// - Parameter head: a whole request's.
    static func explain(
        _ head: String, _ store: Store, _ settings: Settings, usesTLS: Bool = false
    ) throws -> Explanation {
        let shared = EdgeShared(
            store: store, budget: FillBudget(limit: 1 << 20), events: SilentObserver(),
            mailboxes: [])
        let snapshot = SettingsSnapshot(settings, previous: nil)
        return try Explainer(shared, snapshot, now: now)
            .explain(Array(head.utf8), usesTLS: usesTLS)
    }
}
