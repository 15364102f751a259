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
/// most; others wait in the kernel's queue.
public final class AdminServer: Sendable {
    /// Connections served at a time.
    static let connectionsMax = 32
    /// What one connection may take, from its acceptance to its end.
    static let connectionTime: Duration = .seconds(10)

    /// The addresses actually listened on, in the order given; a port 0 is a real one here.
    public let boundEndpoints: [Endpoint]

    private let descriptors: [Int32]
    private let routes: AdminRoutes
    private let observer: any EventObserver
    private let connections = DispatchSemaphore(value: AdminServer.connectionsMax)
    private let crowded = Atomic(false)
    /// So many connections are served that the next one is not even accepted.
    var isCrowded: Bool { crowded.load(ordering: .acquiring) }
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
        for descriptor in descriptors { close(descriptor) }
        for case .unix(let path) in boundEndpoints { unsafe unlink(path) }
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

    /// Waits until one connection less than may be is served.
    private func takePlace() {
        if connections.wait(timeout: .now()) == .success { return }
        crowded.store(true, ordering: .releasing)
        connections.wait()
        crowded.store(false, ordering: .releasing)
    }

    private func acceptOne(_ listener: Int32, _ network: inout LinuxNetwork) {
        takePlace()
        var peer = SocketAddress.unspecified
        var result = network.accept(listener, peer: &peer)
        if result == .outOfDescriptors, spare.release() {
            result = network.accept(listener, peer: &peer)
        }
        guard case .connection(let fd) = result else {
            // The listener stays readable; a pause keeps this from spinning.
            if result == .outOfDescriptors { _ = poll(nil, 0, 100) }
            spare.restore()
            connections.signal()
            return
        }
        // A serial queue of its own has a thread of its own: a slow peer delays nobody.
        DispatchQueue(label: "control.admin.connection").async { [self] in
            serve(TimedSocket(owning: fd, within: Self.connectionTime), routes)
            spare.restore()
            connections.signal()
        }
    }
}
