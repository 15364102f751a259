import Caching

/// The origin was asked, and what is stored, though stale, is the better answer, or one of the
/// edge's own.
///
/// Source: RFC 9211 §2.1, §2.2: only what was answered without asking is a hit.
struct FailedForward {
    /// `; fwd=…`: why it was asked.
    var parameter: StaticString
    /// The status that it gave; 0: none.
    var status: Int
    /// Another's fetch asked.
    var isCollapsed: Bool

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
            + (isCollapsed ? "; collapsed" : "")
    }
}
