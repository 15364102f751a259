import Caching
import HTTP

// An import goes on behind the answer to whoever started it, and its end is told to nobody but who
// asks for its state: whose question passes the edge, that it learns from. It asks for nothing
// itself, since the credentials are the writer's, and none are kept.
extension LoopState where N: ~Copyable {
    /// Whether a request asks for the state of a job that a write started: its answer is read.
    func jobWatch(_ exchange: Exchange) -> WriteWatch? {
        guard exchange.head.method == .get, let store, store.invalidations.awaitsJobs else {
            return nil
        }
        let path = exchange.pathAndQuery.path
        let context = snapshot.settings.writes.context
        guard let id = unsafe ImportJob.asked(path.span.bytes, context) else { return nil }
        let awaited = store.invalidations.awaiting(jobName(id, exchange.pool))
        return awaited.isEmpty ? nil : WriteWatch(awaiting: awaited)
    }

    /// The job that a write started, at the member that was asked; nil: nobody was.
    func awaitedJob(_ id: String, _ fetch: Fetch) -> AwaitedJob? {
        memberName(fetch).map { AwaitedJob(name: jobName(id, fetch.pool), member: $0) }
    }

    /// What the job does is done: all of it is stale once more, and no more from then on. nil: it
    /// is another member's, or was done before.
    func endJob(_ fetch: Fetch) -> Store.WriteEnding? {
        guard let watch = fetch.exchange.watch, let member = memberName(fetch), let store,
            let awaited = watch.awaited.first(where: { $0.job.member == member }),
            store.invalidations.awaiting(awaited.job.name).contains(where: { $0.id == awaited.id })
        else { return nil }
        shared.catalogue.noteChange()
        shared.catalogue.noteStyleChange(.any)
        return Store.WriteEnding(id: awaited.id, rules: [awaited.rule])
    }

    private func jobName(_ id: String, _ pool: OriginPool) -> String {
        "\(pool.settings.id) \(id)"
    }

    private func memberName(_ fetch: Fetch) -> String? {
        let members = fetch.pool.settings.members
        return members.indices.contains(fetch.member) ? members[fetch.member].name : nil
    }
}

extension FetchedHead {
    /// The import that it says was made.
    var importMade: String? {
        guard let index = self.head.fields.first(.location) else { return nil }
        let location = [UInt8](bytes[self.head.fields[index].value.range])
        return unsafe ImportJob.made(at: location.span.bytes)
    }
}
