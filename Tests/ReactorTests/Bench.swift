import Glibc
import Reactor
import Testing

/// A network with room for its events, and plain arrays in place of pointers.
struct Bench: ~Copyable {
    var network: LinuxNetwork
    private let events: UnsafeMutableBufferPointer<ReadyEvent>

    init(room: Int = 16) throws {
        network = try LinuxNetwork(batchSize: 16)
        events = .allocate(capacity: room)
    }

    deinit {
        events.deallocate()
    }

    mutating func wait(until deadline: UInt64?) -> [ReadyEvent] {
        Array(events.prefix(network.wait(until: deadline, into: events)))
    }

    /// What is ready now.
    mutating func poll() -> [ReadyEvent] {
        wait(until: 0)
    }

    mutating func send(_ fd: Int32, _ parts: [[UInt8]]) -> IOResult {
        let buffers = parts.map { UnsafeMutableBufferPointer<UInt8>.allocate(capacity: $0.count) }
        defer { buffers.forEach { $0.deallocate() } }
        for index in buffers.indices { _ = buffers[index].initialize(from: parts[index]) }
        let vectors = buffers.map { iovec(iov_base: $0.baseAddress, iov_len: $0.count) }
        return vectors.withUnsafeBufferPointer { network.send(fd, $0) }
    }

    /// The bytes received; none if it did not end with bytes.
    mutating func receive(_ fd: Int32, _ room: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: room)
        let result = bytes.withUnsafeMutableBytes { network.receive(fd, into: $0) }
        guard case .bytes(let count) = result else { return [] }
        return Array(bytes[..<count])
    }

    mutating func result(ofReceiveFrom fd: Int32) -> IOResult {
        var byte: UInt8 = 0
        return withUnsafeMutableBytes(of: &byte) { network.receive(fd, into: $0) }
    }

    /// Waits until `listener` has a connection, and takes it.
    mutating func accept(_ listener: Int32) -> (result: AcceptResult, peer: SocketAddress) {
        var peer = SocketAddress.loopback(port: 9)
        for _ in 0..<1_000_000 {
            let result = network.accept(listener, peer: &peer)
            if result != .wouldBlock { return (result, peer) }
            sched_yield()
        }
        return (.wouldBlock, peer)
    }

    /// Connects and takes both ends; the caller closes them.
    mutating func connection(
        through listener: Int32
    ) throws -> (near: Int32, far: Int32, peer: SocketAddress) {
        let near = try #require(descriptor(network.connect(to: boundAddress(listener))))
        let (result, peer) = accept(listener)
        guard case .connection(let far) = result else { throw Unexpected.accept(result) }
        return (near, far, peer)
    }

    enum Unexpected: Error {
        case accept(AcceptResult)
    }

    func descriptor(_ result: ConnectResult) -> Int32? {
        switch result {
        case .connected(let fd), .pending(let fd): fd
        case .failed: nil
        }
    }
}

/// Two connected Unix sockets, closed with their owner.
final class SocketPair {
    let left: Int32
    let right: Int32

    init() throws {
        var descriptors: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &descriptors) == 0 else {
            throw SystemError(call: "socketpair", errno: errno)
        }
        (left, right) = (descriptors[0], descriptors[1])
    }

    deinit {
        close(left)
        close(right)
    }
}

/// A directory that goes with its owner, with all the sockets in it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/mapedge-test-XXXXXX\0".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SystemError(call: "mkdtemp", errno: errno)
        }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
    }

    deinit {
        for name in ["a.sock", "b.sock", "file"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
