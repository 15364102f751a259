import Foundation
import Synchronization
import Testing

/// Runs the tests of a suite on threads of their own.
///
/// Swift's concurrency has as many threads as there are cores. A test that waits for a map server,
/// a browser or a scanner keeps one of them and has no use for its core: with two cores two such
/// tests leave nothing for anybody else, while the machine idles.
struct WaitingTrait: TestTrait, SuiteTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(WaitingThreads.shared) { try await function() }
    }
}

extension Trait where Self == WaitingTrait {
    /// The suite's tests spend their time waiting for programs that are not ours.
    static var waits: Self { Self() }
}

/// A few threads that take jobs in the order in which they came.
private final class WaitingThreads: TaskExecutor {
    static let shared = WaitingThreads(count: 2 * ProcessInfo.processInfo.activeProcessorCount)

    private let jobs = Mutex<[UnownedJob]>([])
    private let ready = DispatchSemaphore(value: 0)

    private init(count: Int) {
        for _ in 0..<count {
            Thread.detachNewThread { [self] in while true { runNext() } }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        ready.signal()
    }

    private func runNext() {
        ready.wait()
        let job = jobs.withLock { $0.removeFirst() }
        job.runSynchronously(on: asUnownedTaskExecutor())
    }
}
