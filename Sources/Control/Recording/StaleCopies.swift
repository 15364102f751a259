import Edge
import Simulation

/// Copies that were stored before a recording began, and stale by then: an origin was asked whether
/// they are good still, with a validator that no origin has sent since. Without them it would be
/// asked for all of it when the recording is played.
struct StaleCopies {
    private let reading: TapeReading
    private var found: [(viewer: RecordedExchange, origin: RecordedExchange)] = []
    private var known: Set<String> = []

    init(_ reading: TapeReading) { self.reading = reading }

    /// Takes the copy that was confirmed, or replaced, for this viewer; false: there is none.
    ///
    /// - Parameter name: what the viewer asked for.
    mutating func take(_ viewer: RecordedExchange, _ name: String) -> Bool {
        guard let answer = viewer.answer?.head, !answer.isPlainHit,
            let origin = reading.origins.first(where: { isAsked($0, for: viewer) }),
            let status = origin.answer?.head.status
        else { return false }
        // What the copy was like only an answer tells that is made of it, or takes its place.
        guard status == 304 || status == 200 && answer.status == 200 else { return false }
        let validators = Self.validators(origin.request.head).map { "\($0.name) \($0.value)" }
        if known.insert(([name] + validators).joined(separator: "\n")).inserted {
            found.append((viewer, origin))
        }
        return true
    }

    /// Stores them and makes them stale, before anything else is stored.
    ///
    /// - Returns: and when that begins.
    func steps(before time: Int64) -> (steps: [RecordedSteps.Step], time: Int64) {
        guard !found.isEmpty else { return ([], time) }
        // Staler than what may be served while it is confirmed, whenever that is reckoned from.
        let start = found.reduce(time - 1) { start, copy in
            min(start, copy.origin.causeTime - 1_000 * (copy.viewer.usableSeconds + 2))
        }
        let copies = found.map {
            RecordedSteps.Step.warmUp($0.viewer, .stale($0.origin), at: start)
        }
        return (copies + [.aging(at: start)], start)
    }

    /// The validators of an entry, by the fields that an origin sends, in a request that asks
    /// whether it is good.
    static func validators(_ request: PlainHead) -> [(name: String, value: String)] {
        [("ETag", "if-none-match"), ("Last-Modified", "if-modified-since")].compactMap {
            name, condition in request[condition].map { (name, $0) }
        }
    }

    /// Whether an origin was asked to confirm a copy for this viewer whose validators are not the
    /// viewer's own, nor what an origin has sent before.
    private func isAsked(_ origin: RecordedExchange, for viewer: RecordedExchange) -> Bool {
        let entries = viewer.began.entry..<(viewer.ended?.entry ?? .max)
        guard entries.contains(origin.cause), origin.viewersTargets.contains(viewer.target)
        else { return false }
        let asked = Self.validators(origin.request.head)
        let own = Self.validators(viewer.request.head)
        guard !asked.isEmpty, !asked.allSatisfy({ field in own.contains { $0 == field } })
        else { return false }
        return !reading.origins.contains { other in
            guard let end = other.ended, end.entry < origin.cause, let head = other.answer?.head,
                head.status != 304
            else { return false }
            return asked.allSatisfy { head[$0.name.lowercased()] == $0.value }
        }
    }
}

extension RecordedExchange {
    /// When it was caused, in the edge's time.
    fileprivate var causeTime: Int64 { sought?.time ?? began.time }

    /// How long what it got may be served while it is confirmed (RFC 5861 §3), from when it was
    /// stored; 0 where it may not once it is stale. Two days at most.
    fileprivate var usableSeconds: Int64 {
        let grace = seconds("stale-while-revalidate")
        return grace == 0 ? 0 : grace + max(seconds("max-age"), seconds("s-maxage"))
    }

    private func seconds(_ directive: String) -> Int64 {
        let control = answer?.head["cache-control"]?.lowercased() ?? ""
        guard let found = control.firstRange(of: directive + "=") else { return 0 }
        let digits = control[found.upperBound...].prefix { $0.isASCII && $0.isNumber }
        return min(Int64(digits) ?? 86_400, 86_400)
    }
}
