import Caching
import Edge
import Reactor
import Synchronization
import Tiles

// Seeds that the edge runs for itself: a viewer of its own, on its own port.
extension Service {
    /// What runs and waits, once the edge serves.
    ///
    /// - Parameter directory: of the store, where those that are not over are kept.
    func makeSeedTasks(admin: Endpoint, _ directory: String) -> SeedTasks {
        SeedTasks(
            journal: SeedJournal(directory: directory),
            begin: { job throws(CommandMistake) in
                let client: AdminClient
                do throws(AdminClientError) { client = try AdminClient("\(admin)") } catch {
                    throw CommandMistake(error.description)
                }
                return try SeedRun(job, client)
            },
            note: { [observer] isWarning, text in
                observer.note(EdgeEvent(isWarning ? .warning : .notice, "seed", text))
            })
    }

    public var seederWord: String? {
        state.withLock { $0.isAdminLocal ? $0.server?.seederWord : nil }
    }

    public func seedStatus(of layer: String?) -> [[Int64]] {
        state.withLock { $0.seeds }?.arrays(of: layer) ?? []
    }

    public func endSeeds(
        _ ending: SeedEnding, of layer: String?, bySite: Bool
    ) throws(TruncationRefusal) {
        try checkSeeding(bySite: bySite)
        state.withLock { $0.seeds }?.end(ending, of: layer)
    }

    /// Whoever may begin seeds may end them, and nobody else.
    private func checkSeeding(bySite: Bool) throws(TruncationRefusal) {
        guard bySite || state.withLock({ $0.isAdminLocal }) else {
            throw TruncationRefusal(
                403,
                "the admin port can be reached from other machines, which may neither seed nor end "
                    + "seeds; bind admin to 127.0.0.1")
        }
    }

    public func seed(
        _ options: SeedOptions, threads: Int?, bySite: Bool
    ) throws(TruncationRefusal) {
        try checkSeeding(bySite: bySite)
        guard let seeds = state.withLock({ $0.seeds }), let journal = seeds.journal else {
            throw TruncationRefusal(503, "the edge is not serving yet; try again")
        }
        let path = journal.newPath()
        let job = try makeJob(options, threads, state: path)
        // Who asked hears of it now, as nobody reads the log for him.
        do throws(CommandMistake) { try seeds.tryOut(job) } catch {
            throw TruncationRefusal(409, error.description)
        }
        do throws(SystemError) {
            try journal.keep(SeedJournal.Entry(path: path, options: options, threads: threads))
        } catch {
            throw TruncationRefusal(
                503, "it cannot be kept that this is asked for: \(error); free space and try again")
        }
        guard seeds.add(job, keptAt: path) else {
            journal.forget(path)
            throw TruncationRefusal(
                503, "\(SeedTasks.waitingMax) seeds wait already; try again when some have ended")
        }
    }

    /// As the configuration has it now.
    private func makeJob(
        _ options: SeedOptions, _ threads: Int?, state path: String
    ) throws(TruncationRefusal) -> SeedJob {
        let (server, configuration) = state.withLock { ($0.server, $0.configuration) }
        guard let server else {
            throw TruncationRefusal(503, "the edge is not serving yet; try again")
        }
        guard let address = server.boundListeners.lazy.compactMap(Self.plainAddress).first else {
            throw TruncationRefusal(
                501,
                "no listener speaks plain HTTP without a PROXY header, so that the edge cannot ask "
                    + "itself; add one on 127.0.0.1")
        }
        var options = options
        (options.edge, options.host) = (address, configuration.seeding.host)
        options.state = path + ".state"
        let most = configuration.seeding.concurrency
        options.concurrency = min(max(threads ?? most, 1), most)
        options.rate = configuration.seeding.rate.map { "\($0)" }
        do throws(CommandMistake) {
            return try SeedJob(
                options,
                gridSets: server.mapServices(below: options.path)?.gridSets
                    ?? configuration.settings.writes.reading.services.gridSets)
        } catch {
            throw TruncationRefusal(400, error.description)
        }
    }

    /// Goes on with what the last process did not end.
    func resumeSeeds() {
        guard let seeds = state.withLock({ $0.seeds }), let journal = seeds.journal else { return }
        for entry in journal.entries() {
            let layer = printable(entry.options.layer)
            do throws(TruncationRefusal) {
                let job = try makeJob(entry.options, entry.threads, state: entry.path)
                guard seeds.add(job, keptAt: entry.path) else {
                    let text =
                        "seeding \(layer), which the end of the last process cut short, waits for "
                        + "the next start: \(SeedTasks.waitingMax) seeds wait already"
                    observer.note(EdgeEvent(.warning, "seed", text))
                    continue
                }
                let text = "seeding \(layer) goes on, which the end of the last process cut short"
                observer.note(EdgeEvent(.notice, "seed", text))
            } catch {
                journal.forget(entry.path)
                let text = "seeding \(layer) cannot go on: \(error.text)"
                observer.note(EdgeEvent(.warning, "seed", text))
            }
        }
    }

    /// How a connection from here reaches a listener; nil where plain HTTP is not understood.
    private static func plainAddress(
        _ listener: (endpoint: Endpoint, settings: ListenerSettings)
    ) -> String? {
        let settings = listener.settings
        guard !settings.speaksTLS, !settings.expectsProxyHeader, !settings.isSouthbound else {
            return nil
        }
        switch listener.endpoint {
        case .unix: return "\(listener.endpoint)"
        case .ip(let address):
            // All addresses of the machine: one of them is enough.
            let isOpen = ["0.0.0.0", "[::]"].contains { "\(address)".hasPrefix("\($0):") }
            return isOpen ? "http://127.0.0.1:\(address.port)" : "http://\(address)"
        }
    }
}
