import Dispatch
import Synchronization

/// When the writer works: a while after the first operation of a batch, at once when a batch is
/// full or somebody waits for the disk. On its own serial queue, which may block.
final class WriterSchedule: Sendable {
    private let queue = DispatchQueue(label: "mapedge.store.writer", qos: .utility)
    private let gatherTime: Int
    private let isSoon = Atomic<Bool>(false)
    private let isUrgent = Atomic<Bool>(false)
    private let isStopped = Atomic<Bool>(false)
    /// When the writer has something to do by itself; one such appointment at a time.
    private let appointment = Mutex<DispatchTime?>(nil)

    init(gatherTime: Int) { self.gatherTime = gatherTime }

    /// Has `step` run soon, until it has nothing more to do.
    func wake(urgently: Bool, _ step: @escaping @Sendable () -> StoreWriter.Next) {
        let isWoken =
            urgently
            ? isUrgent.exchange(true, ordering: .acquiringAndReleasing)
            : isSoon.exchange(true, ordering: .acquiringAndReleasing)
        guard !isWoken else { return }
        queue.asyncAfter(deadline: .now() + .milliseconds(urgently ? 0 : gatherTime)) { [self] in
            run(step)
        }
    }

    private func run(_ step: @escaping @Sendable () -> StoreWriter.Next) {
        // Cleared before the work: what is queued from now on wakes it again.
        isSoon.store(false, ordering: .sequentiallyConsistent)
        isUrgent.store(false, ordering: .sequentiallyConsistent)
        guard !isStopped.load(ordering: .acquiring) else { return }
        switch step() {
        case .idle: break
        case .now: wake(urgently: true, step)
        case .after(let milliseconds):
            appoint(.now() + .milliseconds(Int(clamping: milliseconds)), step)
        }
    }

    private func appoint(
        _ time: DispatchTime, _ step: @escaping @Sendable () -> StoreWriter.Next
    ) {
        let isNext = appointment.withLock { appointment in
            if let earlier = appointment, earlier <= time, earlier > .now() { return false }
            appointment = time
            return true
        }
        guard isNext else { return }
        queue.asyncAfter(deadline: time) { [self] in
            // One that was put off by an earlier one comes to nothing.
            let isDue = appointment.withLock { appointment in
                guard appointment == time else { return false }
                appointment = nil
                return true
            }
            if isDue { run(step) }
        }
    }

    /// Runs nothing any more; returns when a step that runs has ended.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        queue.sync {}
    }
}
