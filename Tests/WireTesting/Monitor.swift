import Glibc

/// A value that threads share and wait upon.
public final class Monitor<Value: Sendable>: @unchecked Sendable {  // value is behind lock
    private var value: Value
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    public init(_ value: Value) {
        self.value = value
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Reads or changes the value; whoever waits looks again.
    public func with<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(lock)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(lock)
        }
        return try body(&value)
    }

    /// Waits until `body` gives something, for `milliseconds` at most; nil if it never did.
    public func wait<Result>(
        within milliseconds: Int = patience, _ body: (inout Value) -> Result?
    ) -> Result? {
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += milliseconds / 1000
        deadline.tv_nsec += milliseconds % 1000 * 1_000_000
        if deadline.tv_nsec >= 1_000_000_000 {
            deadline.tv_sec += 1
            deadline.tv_nsec -= 1_000_000_000
        }
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            if let result = body(&value) { return result }
            if pthread_cond_timedwait(changed, lock, &deadline) == ETIMEDOUT {
                return body(&value)
            }
        }
    }
}

/// A point that a script does not pass before the test lets it.
public final class Gate: Sendable {
    private let state = Monitor((arrived: 0, isOpen: false))

    public init() {}

    /// Lets everyone pass, from now on.
    public func open() { state.with { $0.isOpen = true } }

    /// Waits until `count` scripts stand at the gate; false if they never come.
    public func awaitArrival(_ count: Int = 1) -> Bool {
        state.wait { $0.arrived >= count ? true : nil } ?? false
    }

    func pass() {
        state.with { $0.arrived += 1 }
        _ = state.wait { $0.isOpen ? true : nil }
    }
}

/// Runs a closure on a thread of its own, so that it may block without holding up the tests.
public func background(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    let status = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
            return nil
        }, context)
    precondition(status == 0, "no thread: \(status)")
    pthread_detach(thread)
}

/// Asks until `body` gives something, for as long as patience lasts.
///
/// For what a process does in its own time and tells nobody: each round is a request or a read, so
/// that waiting costs no sleep.
public func eventually<Result>(_ body: () throws -> Result?) rethrows -> Result? {
    let start = ContinuousClock.now
    while ContinuousClock.now - start < .milliseconds(patience) {
        if let result = try body() { return result }
    }
    return nil
}
