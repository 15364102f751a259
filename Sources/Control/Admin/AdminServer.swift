import Dispatch
public import Edge
import Glibc
public import Reactor
import Synchronization

/// The HTTP server of the admin port: one thread accepts, and each connection has one of its own
/// for its one request.
///
/// No work of the data plane is done here, and nothing here waits for a loop: a stuck edge can
/// still be asked how it is. At most 32 connections are served at a time, each for 10 seconds at
/// most; for one more, the one whose peer has been silent for longest is closed, so that those who
/// say nothing keep nobody out.
public final class AdminServer: Sendable {
    /// Connections served at a time.
    static let connectionsMax = 32
    /// What one connection may take, from its acceptance to its end.
    static let connectionTime: Duration = .seconds(10)

    /// The addresses actually listened on, in the order given; a port 0 is a real one here.
    public let boundEndpoints: [Endpoint]

    private let descriptors: [Int32]
    private let files: [SocketFile]
    private let routes: AdminRoutes
    private let observer: any EventObserver
    private let places = DispatchSemaphore(value: AdminServer.connectionsMax)
    /// Being served.
    private let served = Mutex<[ObjectIdentifier: TimedSocket]>([:])
    private let wake: WakeEvent
    private let isStopping = Atomic(false)
    private let spare: SpareDescriptor
    private let acceptor = DispatchQueue(label: "control.admin.accept")

    /// Listens on the endpoints; ``start()`` begins to answer.
    public init(
        on endpoints: [Endpoint], subject: any AdminSubject, events observer: any EventObserver
    ) throws(SystemError) {
        var descriptors: [Int32] = []
        do throws(SystemError) {
            wake = try WakeEvent()
            for endpoint in endpoints {
                descriptors.append(try listen(on: endpoint, backlog: 128, reusePort: false))
            }
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        self.descriptors = descriptors
        spare = SpareDescriptor(of: wake.descriptor)
        boundEndpoints = descriptors.map(boundAddress)
        files = boundEndpoints.compactMap(SocketFile.init(of:))
        routes = AdminRoutes(subject: subject)
        self.observer = observer
    }

    /// Begins to accept, on a thread of its own.
    public func start() {
        acceptor.async { self.acceptUntilStopped() }
    }

    /// Stops listening and returns when the accepting thread has ended; requests being answered
    /// are.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
        acceptor.sync {}
    }

    private func acceptUntilStopped() {
        do throws(SystemError) {
            var network = try LinuxNetwork(batchSize: 1)
            accept(&network)
        } catch {
            observer.note(EdgeEvent(.error, "admin", "the admin port does not answer: \(error)"))
        }
        for file in files { file.remove() }
        for descriptor in descriptors { close(descriptor) }
    }

    private func accept(_ network: inout LinuxNetwork) {
        var polled = (descriptors + [wake.descriptor]).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        while !isStopping.load(ordering: .acquiring) {
            guard unsafe poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
            for entry in polled.dropLast() where entry.revents != 0 {
                acceptOne(entry.fd, &network)
            }
        }
    }

    /// Makes room for one more connection; false when the server stops meanwhile.
    private func takePlace() -> Bool {
        while places.wait(timeout: .now()) != .success {
            endMostSilent()
            // While everybody waits for an answer there is nobody to end; so not for long.
            if places.wait(timeout: .now() + .milliseconds(100)) == .success { return true }
            if isStopping.load(ordering: .acquiring) { return false }
        }
        return true
    }

    private func endMostSilent() {
        served.withLock { served in
            let silent = served.compactMap { id, socket in socket.silentSince.map { (id, $0) } }
            guard let (id, _) = silent.min(by: { $0.1 < $1.1 }) else { return }
            served.removeValue(forKey: id)?.interrupt()
        }
    }

    private func acceptOne(_ listener: Int32, _ network: inout LinuxNetwork) {
        guard takePlace() else { return }
        var peer = SocketAddress.unspecified
        var result = network.accept(listener, peer: &peer)
        if result == .outOfDescriptors, spare.release() {
            result = network.accept(listener, peer: &peer)
        }
        guard case .connection(let fd) = result else {
            // The listener stays readable; a pause keeps this from spinning.
            if result == .outOfDescriptors { _ = poll(nil, 0, 100) }
            spare.restore()
            places.signal()
            return
        }
        let id = served.withLock { served in
            let socket = TimedSocket(owning: fd, within: Self.connectionTime)
            served[ObjectIdentifier(socket)] = socket
            return ObjectIdentifier(socket)
        }
        let endpoint = descriptors.firstIndex(of: listener).map { boundEndpoints[$0] }
        // A serial queue of its own has a thread of its own: a slow peer delays nobody.
        DispatchQueue(label: "control.admin.connection").async { [self] in
            answer(id, isLoopback: endpoint?.isLoopback ?? false)
            spare.restore()
            places.signal()
        }
    }

    /// Returns when the connection is closed.
    private func answer(_ id: ObjectIdentifier, isLoopback: Bool) {
        // It may have had to make room already.
        guard let socket = served.withLock({ $0[id] }) else { return }
        serve(socket, routes, isLoopback: isLoopback)
        _ = served.withLock { $0.removeValue(forKey: id) }
    }
}

extension Endpoint {
    /// Whoever is on this machine may connect, a browser included.
    fileprivate var isLoopback: Bool {
        if case .ip(let address) = self { address.isLoopback } else { false }
    }
}
