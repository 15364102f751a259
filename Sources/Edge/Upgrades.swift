import Caching
import HTTP

extension Exchange {
    /// The protocol that the viewer asks to switch to, where it may; empty: none. A refresh that
    /// nobody waits for has nobody to switch.
    var upgrade: [UInt8] {
        let request = bytes
        return unsafe isRefresh || facts.apart != .upgrade
            ? []
            : head.upgrade(among: snapshot.settings.upgrades, in: request.span.bytes)
                .map { Array($0.utf8) } ?? []
    }
}

extension RequestHead {
    /// Which of the protocols it asks to switch to; nil: none. Allocates nothing.
    ///
    /// One alone, of those that are named: h2c never is, since it hides requests (RFC 9113 has no
    /// Upgrade any more). With a body the request would have to be answered before the switch.
    fileprivate func upgrade(among names: [String], in bytes: RawSpan) -> String? {
        guard !upgrade.isEmpty, framing == .none, method == .get, minorVersion >= 1 else {
            return nil
        }
        let asked = bytes.extracting(upgrade.range)
        for name in names where equalsIgnoringCase(asked, string: name) { return name }
        return nil
    }

    /// It asks what the server can do, not what a resource can: `OPTIONS *`, or as a proxy is sent
    /// it `OPTIONS http://host` (RFC 9112 §3.2.4).
    var isAboutServer: Bool {
        method == .options && targetForm != .origin && path.isEmpty && !hasQuery
    }
}

extension LoopState where N: ~Copyable {
    /// Notes why the store has no part in the request at hand: what is said of the server, or of a
    /// switch of protocols, has the key of the plain request for `/`, or for the same path.
    func setApart(_ bytes: UnsafeRawBufferPointer, _ facts: inout RequestFacts) {
        if head.isAboutServer {
            facts.apart = .method
        } else if unsafe head.upgrade(among: snapshot.settings.upgrades, in: bytes.bytes) != nil {
            facts.apart = .upgrade
        }
    }
}
