import HTTP

extension Exchange {
    /// The protocol that the viewer asks to switch to, where it may; empty: none.
    ///
    /// One alone, of those that are named: h2c never is, since it hides requests (RFC 9113 has no
    /// Upgrade any more). With a body the request would have to be answered before the switch.
    var upgrade: [UInt8] {
        guard !head.upgrade.isEmpty, head.framing == .none, head.method == .get,
            head.minorVersion >= 1
        else { return [] }
        let request = bytes
        let asked = unsafe request.span.bytes.extracting(head.upgrade.range)
        for name in snapshot.settings.upgrades {
            let text = Array(name.utf8)
            if unsafe equalsIgnoringCase(asked, text.span.bytes) { return text }
        }
        return []
    }
}
