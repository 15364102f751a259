import Caching
import HTTP
import Reactor

// What an operator asks for with a field of the request, and nobody else may.
extension LoopState where N: ~Copyable {
    /// Whether the fields for operators are obeyed: the viewer is a trusted address, or this
    /// machine while none is trusted, and asks for itself. Behind another proxy may be anybody.
    func isOperator(_ slot: UInt32, _ fields: borrowing HeaderTable) -> Bool {
        for trace in [KnownField.xForwardedFor, .forwarded, .xRealIP, .via]
        where fields.contains(trace) { return false }
        return hot.trustsNobody
            ? viewers[slot].address.isLoopback || viewers[slot].address == .unspecified
            : viewers[slot].isTrusted
    }

    /// `X-Edge-Cache: bypass` or `refresh`.
    func wish(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> CacheWish {
        guard let line = head.fields.first(.xEdgeCache), isOperator(slot, head.fields) else {
            return .none
        }
        return unsafe CacheWish(bytes.bytes.extracting(head.fields[line].value.range))
    }
}
