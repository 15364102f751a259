import Caching
import Dispatch
import Synchronization

/// Seeds that the edge runs for itself, one at a time: those behind it wait.
///
/// What the end of the process cuts short is kept by the journal, and goes on with the next one.
final class SeedTasks: Sendable {
    /// As GeoWebCache numbers it (`GWCTask.STATE`): those that ended are told no more.
    private enum Status: Int64 {
        case pending, running
    }

    static let waitingMax = 100

    private struct Task {
        let id: Int64
        let layer: String
        /// In the journal.
        let path: String?
        var status = Status.pending
        /// It was to end before there was a run that could be told so.
        var isUnwanted = false
        var run: SeedRun?
        var progress: SeedProgress?
    }

    private struct State {
        var tasks: [Task] = []
        var last: Int64 = 0
        /// The process ends.
        var isStopping = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "control.seed")
    private let underWay = DispatchGroup()
    private let begin: @Sendable (SeedJob) throws(CommandMistake) -> SeedRun
    private let note: @Sendable (_ isWarning: Bool, String) -> Void
    /// nil: nothing is kept.
    let journal: SeedJournal?

    /// - Parameters:
    ///   - begin: makes a run of a job; may ask the edge itself.
    ///   - note: told how each ended.
    init(
        journal: SeedJournal? = nil,
        begin: @escaping @Sendable (SeedJob) throws(CommandMistake) -> SeedRun,
        note: @escaping @Sendable (_ isWarning: Bool, String) -> Void
    ) { (self.journal, self.begin, self.note) = (journal, begin, note) }

    /// Whether a job could begin as things stand: its first tile is explained, and none asked for.
    func tryOut(_ job: SeedJob) throws(CommandMistake) { _ = try begin(job) }

    /// Has a job run when those before it have ended. False: too many wait.
    ///
    /// - Parameter path: under which the journal has it; nil: it has not.
    func add(_ job: SeedJob, keptAt path: String? = nil) -> Bool {
        let id: Int64? = state.withLock { state in
            guard state.tasks.count(where: { $0.status == .pending }) < Self.waitingMax else {
                return nil
            }
            state.last += 1
            state.tasks.append(Task(id: state.last, layer: job.layer, path: path))
            return state.last
        }
        guard let id else { return false }
        queue.async(group: underWay) { self.perform(id, job) }
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

    /// Ends tasks, which finish what is under way first. They do not go on after a restart.
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
        let (runs, gone): ([SeedRun], [Task]) = state.withLock { state in
            let meant = state.tasks.indices.filter { isMeant(state.tasks[$0]) }
            for index in meant { state.tasks[index].isUnwanted = true }
            let runs = meant.compactMap { state.tasks[$0].run }
            let gone = state.tasks.filter { $0.isUnwanted && $0.status == .pending }
            state.tasks.removeAll { $0.isUnwanted && $0.status == .pending }
            return (runs, gone)
        }
        for task in gone { forget(task.path) }
        for run in runs { run.stop() }
    }

    /// The process ends: nothing more is asked for, and what the journal has goes on with the next
    /// one. Waits for what is under way, but not for long.
    ///
    /// - Parameter milliseconds: 0: not at all.
    func stop(within milliseconds: Int) {
        let runs = state.withLock { state in
            state.isStopping = true
            return state.tasks.compactMap(\.run)
        }
        for run in runs { run.stop() }
        if milliseconds > 0 {
            _ = underWay.wait(timeout: .now() + .milliseconds(milliseconds))
        }
    }

    /// Changes one, if it is there still; whether it is, and wanted.
    @discardableResult
    private func change(_ id: Int64, _ body: (inout Task) -> Void) -> Bool {
        state.withLock { state in
            guard let index = state.tasks.firstIndex(where: { $0.id == id }) else { return false }
            body(&state.tasks[index])
            return !state.tasks[index].isUnwanted && !state.isStopping
        }
    }

    private func perform(_ id: Int64, _ job: SeedJob) {
        guard change(id, { $0.status = .running }) else { return }
        var isComplete = false
        defer {
            let (path, goesOn) = state.withLock { state in
                let task = state.tasks.first { $0.id == id }
                state.tasks.removeAll { $0.id == id }
                return (task?.path, state.isStopping && task?.isUnwanted == false)
            }
            if !goesOn || isComplete { forget(path) }
        }
        do throws(CommandMistake) {
            let run = try begin(job)
            for text in run.notes { note(false, "seeding \(printable(job.layer)): \(text)") }
            if !change(id, { $0.run = run }) { run.stop() }
            let end = try run.run { progress in change(id) { $0.progress = progress } }
            isComplete = end.isComplete
            note(!end.isComplete, end.cutShort ?? end.report[0])
        } catch {
            note(true, "seeding \(printable(job.layer)): \(error)")
        }
    }

    private func forget(_ path: String?) { if let path { journal?.forget(path) } }
}
