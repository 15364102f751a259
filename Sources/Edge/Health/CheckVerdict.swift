import Caching

/// One check's verdict on one member: so many results in a row change it.
struct CheckVerdict: Sendable {
    /// Up until checks say otherwise.
    private(set) var isUp = true
    /// The last result; nil: it was not asked yet.
    private(set) var last: ProbeFinding?
    private(set) var lastAt: Milliseconds = 0
    private var against = 0

    /// - Parameters:
    ///   - rise: passes in a row that bring it up; `fall`: failures that bring it down.
    mutating func take(_ finding: ProbeFinding, at now: Milliseconds, rise: Int, fall: Int) {
        (last, lastAt) = (finding, now)
        let hasPassed = finding.hasPassed
        against = hasPassed == isUp ? 0 : against + 1
        guard against >= (hasPassed ? rise : fall) else { return }
        (isUp, against) = (hasPassed, 0)
    }

    /// Something else has shown that the member is well.
    mutating func bringUp() { (isUp, against) = (true, 0) }

    /// A new member counts as down until checks say otherwise.
    mutating func holdBack() { (isUp, against) = (false, 0) }
}

/// Layers that a member does not know while another one serves them: pure, bounded.
///
/// One exception proves little, since a layer that was published this moment is not everywhere at
/// once; so many in a row, each answered well by another member, do.
struct LayerGaps: Sendable {
    /// Most layers that are kept in mind; more are as bad as so many.
    static let limit = 64

    private struct Gap {
        var misses: Int
        var until: Milliseconds
    }
    private var gaps: [String: Gap] = [:]

    /// Whether no layer was ever missed, or all of them showed up.
    var isEmpty: Bool { gaps.isEmpty }

    /// The member said that there is no such layer, and another one served it.
    ///
    /// - Parameters:
    ///   - needed: misses in a row from which the layer counts as lacking.
    ///   - span: for how long it does then, in milliseconds, unless it shows up before.
    mutating func missed(_ layer: String, at now: Milliseconds, needed: Int, span: Int) {
        if gaps[layer] == nil, gaps.count >= Self.limit { return }
        var gap = gaps[layer] ?? Gap(misses: 0, until: 0)
        gap.misses += 1
        if gap.misses >= needed { gap.until = now + Milliseconds(span) }
        gaps[layer] = gap
    }

    /// The member served it.
    mutating func served(_ layer: String) {
        if !gaps.isEmpty { gaps[layer] = nil }
    }

    /// The member lists these: whatever is made of them is known.
    mutating func listed(_ layers: Set<String>) {
        guard !gaps.isEmpty else { return }
        gaps = gaps.filter { name, _ in
            !name.split(separator: ",").allSatisfy { layers.contains(String($0)) }
        }
    }

    func isLacking(at now: Milliseconds) -> Bool { gaps.values.contains { now < $0.until } }

    /// What is lacking now, in order.
    func names(at now: Milliseconds) -> [String] {
        gaps.filter { now < $0.value.until }.keys.sorted()
    }
}
