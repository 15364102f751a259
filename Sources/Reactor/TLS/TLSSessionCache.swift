import COpenSSL
import Synchronization

/// The last session of each host, to be resumed by the next connection to it; any thread's.
final class TLSSessionCache: Sendable {
    private struct State: ~Copyable {
        /// Owned; freed when replaced or dropped.
        var sessions: [String: UInt] = [:]
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = max(0, capacity)
    }

    deinit {
        state.withLock { state in
            for bits in state.sessions.values { Self.free(bits) }
        }
    }

    /// Takes over the caller's reference. A full cache forgets some other host.
    func keep(_ session: OpaquePointer, for host: String) -> Bool {
        guard capacity > 0 else { return false }
        let bits = UInt(bitPattern: session)
        state.withLock { state in
            if let old = state.sessions.updateValue(bits, forKey: host) { Self.free(old) }
            guard state.sessions.count > capacity,
                let other = state.sessions.keys.first(where: { $0 != host }),
                let old = state.sessions.removeValue(forKey: other)
            else { return }
            Self.free(old)
        }
        return true
    }

    /// Has `ssl` offer the host's last session, if it is of any use still.
    func offer(to ssl: OpaquePointer, host: String) {
        state.withLock { state in
            guard let bits = state.sessions[host],
                let session = unsafe OpaquePointer(bitPattern: bits)
            else { return }
            if unsafe SSL_SESSION_is_resumable(session) == 1 {
                // Takes a reference of its own.
                _ = unsafe SSL_set_session(ssl, session)
            } else {
                state.sessions[host] = nil
                Self.free(bits)
            }
        }
    }

    private static func free(_ bits: UInt) {
        unsafe SSL_SESSION_free(OpaquePointer(bitPattern: bits))
    }
}

/// OpenSSL has a session that may be resumed: right after the handshake, or later, with TLS 1.3.
///
/// - Returns: 1 if its reference was taken over.
func keepSession(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
    guard let session = unsafe session,
        let cache = unsafe TLSContext.owner(of: ssl)?.clientSessions,
        let host = unsafe TLSLink.of(ssl)?.pointee.peer
    else { return 0 }
    return unsafe cache.keep(session, for: host) ? 1 : 0
}
