import Caching
import Dispatch
import Synchronization

/// Seeds that the edge runs for itself, one at a time: those behind it wait.
///
/// They live as long as the process; what they have stored stays.
final class SeedTasks: Sendable {
    /// As GeoWebCache numbers it (`GWCTask.STATE`): those that ended are told no more.
    private enum Status: Int64 {
        case pending, running
    }

    static let waitingMax = 100

    private struct Task {
        let id: Int64
        let layer: String
        var status = Status.pending
        /// It was to end before there was a run that could be told so.
        var isUnwanted = false
        var run: SeedRun?
        var progress: SeedProgress?
    }

    private struct State {
        var tasks: [Task] = []
        var last: Int64 = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "control.seed")
    private let begin: @Sendable (SeedJob) throws(CommandMistake) -> SeedRun
    private let note: @Sendable (_ isWarning: Bool, String) -> Void

    /// - Parameters:
    ///   - begin: makes a run of a job; may ask the edge itself.
    ///   - note: told how each ended.
    init(
        begin: @escaping @Sendable (SeedJob) throws(CommandMistake) -> SeedRun,
        note: @escaping @Sendable (_ isWarning: Bool, String) -> Void
    ) { (self.begin, self.note) = (begin, note) }

    /// Has a job run when those before it have ended. False: too many wait.
    func add(_ job: SeedJob) -> Bool {
        let id: Int64? = state.withLock { state in
            guard state.tasks.count(where: { $0.status == .pending }) < Self.waitingMax else {
                return nil
            }
            state.last += 1
            state.tasks.append(Task(id: state.last, layer: job.layer))
            return state.last
        }
        guard let id else { return false }
        queue.async { self.perform(id, job) }
        return true
    }

    /// Those that wait or run: tiles that are done, all tiles, seconds left, number, status.
    ///
    /// - Parameter layer: of one layer alone.
    func arrays(of layer: String? = nil) -> [[Int64]] {
        state.withLock { state in
            state.tasks.filter { layer == nil || $0.layer == layer }.map { task in
                let progress = task.progress
                return [
                    Int64(progress.map { $0.done + $0.failed } ?? 0), Int64(progress?.total ?? -1),
                    progress?.left.map { $0 / 1_000 } ?? -1, task.id, task.status.rawValue,
                ]
            }
        }
    }

    /// Ends tasks, which finish what is under way first.
    func end(_ ending: SeedEnding, of layer: String? = nil) {
        func isMeant(_ task: Task) -> Bool {
            guard layer == nil || task.layer == layer else { return false }
            return switch ending {
            case .all: true
            case .running: task.status == .running
            case .pending: task.status == .pending
            case .task(let id): task.id == id
            }
        }
        let runs: [SeedRun] = state.withLock { state in
            let meant = state.tasks.indices.filter { isMeant(state.tasks[$0]) }
            for index in meant { state.tasks[index].isUnwanted = true }
            let runs = meant.compactMap { state.tasks[$0].run }
            state.tasks.removeAll { $0.isUnwanted && $0.status == .pending }
            return runs
        }
        for run in runs { run.stop() }
    }

    /// Changes one, if it is there still; whether it is, and wanted.
    @discardableResult
    private func change(_ id: Int64, _ body: (inout Task) -> Void) -> Bool {
        state.withLock { state in
            guard let index = state.tasks.firstIndex(where: { $0.id == id }) else { return false }
            body(&state.tasks[index])
            return !state.tasks[index].isUnwanted
        }
    }

    private func perform(_ id: Int64, _ job: SeedJob) {
        guard change(id, { $0.status = .running }) else { return }
        defer { state.withLock { $0.tasks.removeAll { $0.id == id } } }
        do throws(CommandMistake) {
            let run = try begin(job)
            if !change(id, { $0.run = run }) { run.stop() }
            let end = try run.run { progress in change(id) { $0.progress = progress } }
            note(!end.isComplete, end.cutShort ?? end.report[0])
        } catch {
            note(true, "seeding \(printable(job.layer)): \(error)")
        }
    }
}
