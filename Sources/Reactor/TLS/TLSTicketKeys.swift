import COpenSSL
import Synchronization

/// The keys that seal session tickets, newest first; shared by all loops, and kept over a reload,
/// so that viewers may go on resuming.
///
/// Whoever steals a key can read the sessions resumed under it, hence the rotation: the owner calls
/// ``rotate(at:)`` with its clock, any time more often than ``interval``.
public final class TLSTicketKeys: Sendable {
    /// Milliseconds for which a key seals new tickets.
    public let interval: Int64
    /// Keys that still open old tickets, the sealing one included.
    private static let kept = 3
    private let keys: Mutex<[TLSTicketKey]>

    /// - Parameters:
    ///   - interval: milliseconds between two keys, such as 12 hours; tickets live for two to three
    ///     of them at most.
    ///   - now: milliseconds of the owner's clock.
    /// - Throws: ``TLSError`` if the system has no random numbers.
    public init(interval: Int64, now: Int64) throws(TLSError) {
        precondition(interval > 0, "a key for no time at all")
        self.interval = interval
        keys = Mutex([try TLSTicketKey(madeAt: now)])
    }

    /// Makes the next key, if the present one has served its time. O(1), safe on any thread.
    ///
    /// - Throws: ``TLSError`` if the system has no random numbers; the present key stays.
    public func rotate(at now: Int64) throws(TLSError) {
        let isDue = keys.withLock { keys in keys[0].madeAt + interval <= now }
        guard isDue else { return }
        let next = try TLSTicketKey(madeAt: now)
        let kept = interval * Int64(Self.kept)
        keys.withLock { keys in
            keys.insert(next, at: 0)
            keys.removeAll { $0.madeAt + kept <= now }
            if keys.count > Self.kept { keys.removeLast() }
        }
    }

    var sealing: TLSTicketKey { keys.withLock { $0[0] } }

    /// The key of that name, and whether it is the one that seals now.
    func find(_ name: UnsafePointer<UInt8>) -> (key: TLSTicketKey, isNewest: Bool)? {
        keys.withLock { keys in
            keys.firstIndex { unsafe $0.isNamed(name) }.map { (keys[$0], $0 == 0) }
        }
    }
}

/// One key: 16 bytes of name, 32 for the cipher, 32 for the checksum.
struct TLSTicketKey: Sendable {
    static var nameBytes: Int { 16 }
    let madeAt: Int64
    private var bytes = [UInt8](repeating: 0, count: 80)

    init(madeAt: Int64) throws(TLSError) {
        self.madeAt = madeAt
        guard unsafe RAND_bytes(&bytes, Int32(bytes.count)) == 1 else {
            throw TLSError(
                "no random numbers are to be had: \(OpenSSLErrors.reason())",
                "see that /dev/urandom can be read")
        }
    }

    func isNamed(_ name: UnsafePointer<UInt8>) -> Bool {
        (0..<Self.nameBytes).allSatisfy { unsafe bytes[$0] == name[$0] }
    }

    func copyName(to name: UnsafeMutablePointer<UInt8>) {
        for index in 0..<Self.nameBytes { unsafe name[index] = bytes[index] }
    }

    func ready(
        _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ vector: UnsafePointer<UInt8>,
        encrypts: Bool
    ) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return false }
            return unsafe COpenSSL_key_ticket(
                cipher, mac, base + Self.nameBytes, vector, encrypts ? 1 : 0) == 1
        }
    }
}

/// Seals or opens one ticket; called by OpenSSL within a handshake.
///
/// - Returns: 1: done; 2: opened, and to be replaced by one under the newest key; 0: the key is
///   gone, so the handshake is a full one; -1: failed.
func keyTicket(
    _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?,
    _ vector: UnsafeMutablePointer<UInt8>?, _ cipher: OpaquePointer?, _ mac: OpaquePointer?,
    _ encrypts: Int32
) -> Int32 {
    guard let keys = unsafe TLSContext.owner(of: ssl)?.ticketKeys, let name = unsafe name,
        let vector = unsafe vector
    else { return -1 }
    if encrypts == 1 {
        let key = keys.sealing
        guard unsafe RAND_bytes(vector, 16) == 1 else { return -1 }
        unsafe key.copyName(to: name)
        return unsafe key.ready(cipher, mac, vector, encrypts: true) ? 1 : -1
    }
    guard let (key, isNewest) = unsafe keys.find(name) else { return 0 }
    guard unsafe key.ready(cipher, mac, vector, encrypts: false) else { return -1 }
    // With TLS 1.3 a viewer uses a ticket once, and needs the next one (RFC 8446 §C.4).
    let isUsedUp = unsafe SSL_version(ssl) == TLS1_3_VERSION
    return isNewest && !isUsedUp ? 1 : 2
}
