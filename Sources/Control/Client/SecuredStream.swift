import Glibc
import Reactor

/// A connection with TLS over it, whose calls wait until one deadline for all of them.
///
/// The peer's certificate must be valid and for the host, by the context's roots.
final class SecuredStream: ByteStream {
    private var network: LinuxNetwork
    private let fd: Int32
    private let deadline: UInt64

    /// Connects, and shakes hands.
    ///
    /// - Throws: what the kernel said, or ETIMEDOUT; EPROTO where TLS was not agreed on.
    init(
        to endpoint: Endpoint, host: String, _ context: TLSContext, within limit: Duration
    ) throws(SystemError) {
        func failure(_ code: Int32) -> SystemError {
            SystemError(call: "connect", subject: "\(endpoint)", errno: code)
        }
        var network = try LinuxNetwork(batchSize: 1)
        let (seconds, attoseconds) = limit.components
        let deadline =
            network.monotonicNow + UInt64(max(0, seconds)) * 1_000_000_000
            + UInt64(max(0, attoseconds)) / 1_000_000_000
        let token = Token(bits: 1)
        let fd: Int32
        let isConnected: Bool
        switch network.connect(to: endpoint) {
        case .failed(let code): throw failure(code)
        case .connected(let descriptor): (fd, isConnected) = (descriptor, true)
        case .pending(let descriptor): (fd, isConnected) = (descriptor, false)
        }
        _ = network.watch(fd, token)
        let code =
            isConnected
            ? 0 : Self.wait(&network, deadline) ? network.connectError(fd) : ETIMEDOUT
        var isSecured = code == 0
        if isSecured {
            isSecured = unsafe network.secure(
                fd, context, token: token, host: host,
                early: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        if !isSecured { network.close(fd) }
        self.network = network
        self.fd = fd
        self.deadline = deadline
        isOpen = isSecured
        guard isSecured else { throw failure(code == 0 ? EPROTO : code) }
        // Nothing at all waits for TLS to be agreed on.
        guard write([]) else { throw failure(EPROTO) }
    }

    private var isOpen: Bool

    deinit { if isOpen { network.close(fd) } }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        while true {
            switch unsafe network.receive(fd, into: buffer) {
            case .bytes(let count): return count
            case .endOfStream: return 0
            case .failed: return nil
            case .wouldBlock: guard Self.wait(&network, deadline) else { return nil }
            }
        }
    }

    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while true {
            switch network.send(fd, bytes[sent...]) {
            case .bytes(let count):
                sent += count
                if sent == bytes.count { return true }
            case .wouldBlock: guard Self.wait(&network, deadline) else { return false }
            case .endOfStream, .failed: return false
            }
        }
    }

    /// Waits for the next event; false at the deadline.
    private static func wait(_ network: inout LinuxNetwork, _ deadline: UInt64) -> Bool {
        var event = ReadyEvent(token: Token(bits: 0), readiness: [])
        while network.monotonicNow < deadline {
            let count = unsafe withUnsafeMutablePointer(to: &event) {
                unsafe network.wait(
                    until: deadline, into: UnsafeMutableBufferPointer(start: $0, count: 1))
            }
            if count > 0 { return true }
        }
        return false
    }
}
