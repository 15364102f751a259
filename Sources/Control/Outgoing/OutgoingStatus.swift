import Caching
import CloudFront
import Edge
import Yams

/// What the CloudFront in front has been told, as `GET /status` has it.
struct OutgoingStatus {
    var distribution: String
    /// `tags` or `paths`.
    var means: String
    /// The number of the invalidation up to which it has been told all.
    var told: UInt64
    /// Items that wait, or are being sent.
    var waiting: Int
    /// For how long something has waited; 0: nothing does.
    var behind: Milliseconds
    var inProgress: (paths: Int, wildcards: Int)
    var failure: String?

    /// Only what lasts: a batch that is gathered is no weakness.
    var weakness: String? {
        guard let failure, behind >= 60_000 else { return nil }
        return "CloudFront has not been told of invalidations for \(durationText(behind)): "
            + failure
    }

    var json: JSON {
        .object([
            ("distribution", .text(distribution)), ("by", .text(means)),
            ("told", .number(Int64(clamping: told))), ("waiting", .number(Int64(waiting))),
            ("behindSeconds", .number(behind / 1_000)),
            ("pathsInProgress", .number(Int64(inProgress.paths))),
            ("wildcardsInProgress", .number(Int64(inProgress.wildcards))),
            ("failure", failure.map(JSON.text) ?? .null),
        ])
    }

    /// The same as a line for a person.
    static func line(_ node: Node) -> String {
        func word(_ key: String) -> String { node[key]?.scalar?.string ?? "" }
        let failure = word("failure")
        return "cloudfront \(word("distribution")): told by \(word("by")) up to \(word("told")), "
            + "\(word("waiting")) items wait"
            + (failure.isEmpty || failure == "null" ? "" : "; \(failure)")
    }
}

extension OutgoingSender {
    /// - Parameter now: monotonic.
    func status(at now: Milliseconds) -> OutgoingStatus {
        let (core, failure) = shown
        return OutgoingStatus(
            distribution: settings.distribution ?? "",
            means: settings.items.hasTags ? "tags" : "paths", told: core.record.told,
            waiting: core.waitingItems, behind: core.behindSince.map { now - $0 } ?? 0,
            inProgress: core.inProgress, failure: failure)
    }

    /// For `/metrics`.
    func samples(at now: Milliseconds) -> [CounterSample] {
        func sample(
            _ name: String, _ help: String, _ value: Double, isGauge: Bool = false
        ) -> CounterSample {
            CounterSample(
                name: "mapedge_cloudfront_\(name)", help: help,
                kind: isGauge ? .gauge : .counter, value: value)
        }
        let (core, _) = shown
        let (counts, progress) = (core.counts, core.inProgress)
        return [
            sample(
                "invalidations_total", "batches of invalidations that CloudFront has taken",
                Double(counts.batches)),
            sample(
                "invalidation_items_total",
                "paths and tags in them; AWS charges beyond 1,000 a month", Double(counts.items)),
            sample(
                "invalidation_failures_total",
                "calls of CreateInvalidation that failed; see the log for why",
                Double(counts.failures)),
            sample(
                "invalidations_coarsened_total",
                "times that items were widened, since too many waited or were in progress",
                Double(counts.coarsened)),
            sample(
                "invalidations_replaced_total",
                "batches that became /* since CloudFront refused an item; see the log",
                Double(counts.replaced)),
            sample(
                "invalidation_items_waiting", "items that wait, or are being sent",
                Double(core.waitingItems), isGauge: true),
            sample(
                "invalidation_behind_seconds",
                "for how long something waits; long means CloudFront shows old copies",
                Double(core.behindSince.map { now - $0 } ?? 0) / 1_000, isGauge: true),
            sample(
                "invalidation_paths_in_progress", "of the quota of 3,000", Double(progress.paths),
                isGauge: true),
            sample(
                "invalidation_wildcards_in_progress", "of the quota of 15",
                Double(progress.wildcards), isGauge: true),
        ]
    }
}
