import Caching
@unsafe @preconcurrency import Dispatch
import Glibc
import HTTP
import Reactor
import Synchronization

/// Active checks: one request to each member on an interval, from a queue of their own.
///
/// Blocking sockets with time-outs: a check costs a thread for at most its time-out, and the loops
/// nothing. Where no path is configured it is checked that a connection can be made.
final class HealthChecks: Sendable {
    private let queue = DispatchQueue(label: "edge.health", attributes: .concurrent)
    private let events: any EventObserver
    private let timers = Mutex<[CheckTimer]>([])

    init(events: any EventObserver) { self.events = events }

    /// Checks these pools from now on, and no others.
    func watch(_ pools: [OriginPool]) {
        stop()
        var fresh: [CheckTimer] = []
        for pool in pools where pool.settings.health.interval > 0 {
            for member in pool.settings.members.indices {
                fresh.append(CheckTimer(source: timer(pool, member)))
            }
        }
        let started = fresh
        timers.withLock { $0 = started }
    }

    func stop() {
        timers.withLock { timers in
            for timer in timers { timer.source.cancel() }
            timers.removeAll()
        }
    }

    private func timer(_ pool: OriginPool, _ member: Int) -> any DispatchSourceTimer {
        let interval = pool.settings.health.interval
        let timer = DispatchSource.makeTimerSource(queue: queue)
        // Members are asked one after the other within the interval, not all at the same moment.
        let offset = interval * (member + 1) / (pool.settings.members.count + 1)
        timer.schedule(deadline: .now() + .milliseconds(offset), repeating: .milliseconds(interval))
        timer.setEventHandler { [events] in
            let passed = HealthProbe.run(
                pool.settings, pool.settings.members[member], pool.tls)
            let change = pool.checked(member, passed, at: monotonicMilliseconds())
            Self.note(change, pool, member, events)
        }
        timer.activate()
        return timer
    }

    private static func note(
        _ change: MemberHealth.Change, _ pool: OriginPool, _ member: Int,
        _ events: any EventObserver
    ) {
        let name = "origin \"\(pool.settings.id)\" member \(pool.settings.members[member].name)"
        switch change {
        case .wentDown:
            events.note(
                EdgeEvent(
                    .warning, "health",
                    "\(name) fails its checks and gets no requests while others are up"))
        case .cameUp:
            events.note(
                EdgeEvent(
                    .notice, "health", "\(name) passes its checks again and returns by slow start"))
        default: break
        }
    }
}

/// A timer that a list of a Sendable class may hold.
private final class CheckTimer: Sendable {
    let source: any DispatchSourceTimer
    init(source: any DispatchSourceTimer) { self.source = source }
}

/// One check of one member, blocking.
enum HealthProbe {
    static func run(_ origin: OriginSettings, _ member: MemberSettings, _ tls: TLSContext?) -> Bool
    {
        for endpoint in member.endpoints {
            guard
                var connection = ProbeConnection(
                    endpoint, member.tlsHost, tls, milliseconds: origin.health.timeout)
            else { continue }
            defer { connection.close() }
            // With TLS a connection is one when hands were shaken.
            guard let path = origin.health.path else { return connection.send([]) }
            let host = origin.hostHeader ?? member.authority
            let request = """
                GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: mapedge-health\r\n\
                Accept: */*\r\nConnection: close\r\n\r\n
                """
            guard connection.send(Array(request.utf8)) else { return false }
            return judge(connection.receiveAll(limit: 262_144), origin.health)
        }
        return false
    }

    /// Status in range and, where asked for, the expected bytes in the body.
    static func judge(_ answer: [UInt8], _ health: HealthSettings) -> Bool {
        var head = ResponseHead()
        var scan = HeadScan()
        let result = unsafe answer.withUnsafeBytes {
            unsafe parseResponse($0.bytes, &scan, limits: .response, toHead: false, into: &head)
        }
        guard result == .complete, health.expectedStatus.contains(head.status) else { return false }
        guard !health.expectedBody.isEmpty else { return true }
        let body = answer[head.length...]
        guard body.count >= health.expectedBody.count else { return false }
        return (body.startIndex...(body.endIndex - health.expectedBody.count)).contains {
            body[$0..<($0 + health.expectedBody.count)].elementsEqual(health.expectedBody)
        }
    }
}
