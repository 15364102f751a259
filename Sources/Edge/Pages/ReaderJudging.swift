import Caching
import HTTP
import Reactor

extension LoopState where N: ~Copyable {
    /// Whether the request is a session's, or somebody's page.
    @inline(__always)
    mutating func judgeReader(
        _ slot: UInt32, _ behavior: Int, _ bytes: UnsafeRawBufferPointer,
        _ facts: inout RequestFacts
    ) {
        if hot[behavior].traits.contains(.pages) {
            unsafe judgePage(slot, behavior, bytes, &facts)
            return
        }
        // What the page before it was is nothing to this request, whose key may have cookies.
        page = PageAtHand()
        if head.fields.contains(.cookie) { facts.hasSession = unsafe hasSession(behavior, bytes) }
        if unsafe isIdentified(slot, bytes) || showsCredentialField(behavior, bytes) {
            // Where sessions are as good as nobody's, this is Authorization by another name.
            facts.hasSession = true
            if !hot[behavior].policy.sessionsBypass { facts.hasAuthorization = true }
        }
        guard hot[behavior].traits.contains(.asksAsNobody) else { return }
        page.asksAsNobody = true
        page.showsCredentials = facts.hasSession || facts.hasAuthorization
    }

    /// Whether a field like `X-Auth-Token` shows who asks, where the behavior judges credentials.
    func showsCredentialField(_ behavior: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe hot[behavior].policy.judgesAuthorization
            && CredentialField.areIn(head, bytes.bytes)
    }

    /// Whether a trusted proxy says who asks: a credential like any other.
    func isIdentified(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let names = unsafe hot.identityFields.bytes
        guard !names.isEmpty, viewers[slot].isTrusted else { return false }
        for index in 0..<head.fields.count where !head.fields[index].value.isEmpty {
            let name = unsafe bytes.bytes.extracting(head.fields[index].name.range)
            var (start, end) = (0, 0)
            while end < names.byteCount {
                if names.byte(end) == 0 {
                    if equalsIgnoringCase(name, names.extracting(start..<end)) { return true }
                    start = end + 1
                }
                end += 1
            }
        }
        return false
    }

    /// Whether a Cookie line carries one of the behavior's session cookies (law 6).
    func hasSession(_ behavior: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let names = unsafe hot[behavior].sessionCookies.bytes
        guard !names.isEmpty else { return false }
        var index = head.fields.first(.cookie)
        while let at = index {
            let line = unsafe bytes.bytes.extracting(head.fields[at].value.range)
            if SessionCookies.match(names, line) { return true }
            index = head.fields.next(after: at, .cookie)
        }
        return false
    }
}
