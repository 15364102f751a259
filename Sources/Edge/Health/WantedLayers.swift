import Caching

/// Layers that traffic has asked for lately and was served: what a new member has to know before
/// it gets any. Pure, bounded.
///
/// A GeoServer answers, and lists layers, before it has read all of its catalog. Of a layer that
/// was asked for it is known which checks of members in service list it; a newcomer whose answer
/// to the same check does not is not ready. A name that no check lists, as of another workspace's
/// service, is asked of nobody.
struct WantedLayers: Sendable {
    /// Most names; of more, those asked for lately.
    static let limit = 64

    private struct Wanted {
        var at: Milliseconds
        /// Checks, as bits, in which a member in service lists it.
        var checks: UInt64 = 0
    }
    private var wanted: [String: Wanted] = [:]

    /// A map of these layers was served; their names as the request has them, apart by commas.
    mutating func served(_ layers: String, at now: Milliseconds) {
        for name in layers.split(separator: ",") {
            let name = String(name)
            if wanted[name] == nil, wanted.count >= Self.limit,
                let oldest = wanted.min(by: { ($0.value.at, $0.key) < ($1.value.at, $1.key) })
            {
                wanted[oldest.key] = nil
            }
            wanted[name, default: Wanted(at: now)].at = now
        }
    }

    /// A member in service lists these when it is asked by a check.
    mutating func listed(_ layers: Set<String>, by check: Int) {
        let bit = UInt64(1) << UInt64(check & 63)
        for name in wanted.keys {
            if layers.contains(name) {
                wanted[name]?.checks |= bit
            } else {
                wanted[name]?.checks &= ~bit
            }
        }
    }

    /// The first name that a newcomer should list by that check and does not; nil: it lists all.
    func missing(in layers: Set<String>, by check: Int) -> String? {
        let bit = UInt64(1) << UInt64(check & 63)
        return wanted.filter { $0.value.checks & bit != 0 && !layers.contains($0.key) }.keys.min()
    }
}
