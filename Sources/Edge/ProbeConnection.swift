import Glibc
import Reactor

/// A connection of a health check: a network of its own, waited on until a deadline.
struct ProbeConnection: ~Copyable {
    private var network: LinuxNetwork
    private let fd: Int32
    private let deadline: UInt64

    /// Connects, and begins TLS where there is a host to verify; nil if it cannot in time.
    init?(_ endpoint: Endpoint, _ tlsHost: String?, _ tls: TLSContext?, milliseconds: Int) {
        var network: LinuxNetwork
        do { network = try LinuxNetwork(batchSize: 1) } catch { return nil }
        let deadline = network.monotonicNow + UInt64(milliseconds) * 1_000_000
        let connected = network.connect(to: endpoint)
        let fd: Int32
        switch connected {
        case .failed: return nil
        case .connected(let descriptor), .pending(let descriptor): fd = descriptor
        }
        let token = Token(bits: 1)
        guard network.watch(fd, token),
            connected == .connected(fd)
                || (Self.wait(&network, deadline) && network.connectError(fd) == 0),
            Self.secure(&network, fd, token, tlsHost, tls)
        else {
            network.close(fd)
            return nil
        }
        self.network = network
        self.fd = fd
        self.deadline = deadline
    }

    mutating func close() { network.close(fd) }

    /// Sends all of it; false if it cannot in time. Nothing at all waits for TLS to be agreed on.
    mutating func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while true {
            let result = unsafe bytes[sent...].withUnsafeBytes { rest in
                var part = unsafe iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress),
                    iov_len: rest.count)
                return unsafe withUnsafePointer(to: &part) {
                    unsafe network.send(fd, UnsafeBufferPointer(start: $0, count: 1))
                }
            }
            switch result {
            case .bytes(let count):
                sent += count
                if sent == bytes.count { return true }
            case .wouldBlock:
                guard Self.wait(&network, deadline) else { return false }
            case .endOfStream, .failed: return false
            }
        }
    }

    /// What comes until the end, the limit or the deadline.
    mutating func receiveAll(limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < limit {
            switch unsafe piece.withUnsafeMutableBytes({ unsafe network.receive(fd, into: $0) }) {
            case .bytes(let count): bytes += piece[..<count]
            case .wouldBlock:
                guard Self.wait(&network, deadline) else { return bytes }
            case .endOfStream, .failed: return bytes
            }
        }
        return bytes
    }

    private static func secure(
        _ network: inout LinuxNetwork, _ fd: Int32, _ token: Token, _ host: String?,
        _ tls: TLSContext?
    ) -> Bool {
        guard let host else { return true }
        guard let tls else { return false }
        return unsafe network.secure(
            fd, tls, token: token, host: host,
            early: UnsafeRawBufferPointer(start: nil, count: 0))
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
