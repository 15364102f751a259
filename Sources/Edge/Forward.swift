import Caching

/// The origin was asked, and the answer is what is stored, since it was confirmed or is the better
/// one though stale, or one of the edge's own.
///
/// Source: RFC 9211 §2.1, §2.2: only what was answered without asking is a hit.
struct Forward {
    /// `; fwd=…`: why it was asked.
    var parameter: StaticString
    /// The status that it gave; 0: none.
    var status: Int
    /// Another's fetch asked.
    var isCollapsed: Bool
    /// What it confirmed is stored anew.
    var isStored = false

    init(_ exchange: Exchange, status: Int) {
        // Found stale and good enough to serve at once, but not at hand.
        parameter =
            exchange.decision.isAnsweredFromStore
            ? "; fwd=stale" : exchange.decision.forwardParameter
        self.status = status
        isCollapsed = !exchange.leads
    }

    /// What stands in `Cache-Status` in place of `; hit`, or before the `; detail` of a page.
    var text: String {
        "\(parameter)" + (status > 0 ? "; fwd-status=\(status)" : "")
            + (isCollapsed ? "; collapsed" : "") + (isStored ? "; stored" : "")
    }
}
