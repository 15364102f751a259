import Caching
import Glibc
import LMDB

extension StoreWriter {
    private static var firstRetry: Milliseconds { 1_000 }
    private static var longestRetry: Milliseconds { 30_000 }
    /// Failures in a row, seconds apart, that may come of the machine's state.
    private static var refusalLimit: Int { 3 }
    /// The same that may come of the disk's state, which takes a minute or two to change over.
    private static var diskRefusalLimit: Int { 9 }
    /// An operation that fails although so many pages are free is given up.
    private static var lastRelief: Int { 512 }

    /// A transaction went through: what was wrong is over.
    mutating func succeed() {
        refusals = 0
        guard retryDelay > 0 else { return }
        retryDelay = 0
        core.mode = .normal
        core.log(StoreEvent(.notice, "the cache is written to again"))
    }

    /// What to do after a failed transaction, of which nothing is left in the file.
    mutating func recover(_ error: LMDBError) -> Next {
        core.counters.add(.failedCommits)
        space.isMeasured = false
        switch error.kind {
        case .full, .tooLarge: return recoverFull(error)
        case .damaged:
            quarantine("\(error)")
            return .now
        case .readersFull:
            file?.environment.clearDeadReaders()
            return pause(error)
        case .disk where isOutside(error), .environment where error.mayBeDamage,
            .misuse where error.mayBeDamage:
            // What comes of the machine's state passes; what comes of a page stays as it is.
            refusals = refusedCode == error.code ? refusals + 1 : 1
            refusedCode = error.code
            let limit = error.code == EIO ? Self.diskRefusalLimit : Self.refusalLimit
            guard refusals > limit, !isFresh else { return pause(error) }
            quarantine("\(error), \(refusals) times")
            return .now
        case .disk, .environment, .misuse: return pause(error)
        }
    }

    /// A page's number may have led to a place behind the map: the file is as long as it may
    /// become, so that neither a full disk nor a limit that let it grow so far says this.
    private func isOutside(_ error: LMDBError) -> Bool {
        error.mayBeDamage && file?.environment.isReserved == true
    }

    /// Serves only, and tries again later; what waits stays and is found in memory.
    private mutating func pause(_ error: LMDBError) -> Next {
        if retryDelay == 0 {
            core.log(
                StoreEvent(.error, "the cache cannot be written: \(error); serving what it has"))
        }
        core.mode = .serveOnly
        retryDelay = min(max(retryDelay * 2, Self.firstRetry), Self.longestRetry)
        retryAt = core.settings.clock() + retryDelay
        disappointDeletions()
        return .after(retryDelay)
    }

    /// Whoever waits for a deletion to be durable learns that it is not; it is still carried out.
    private mutating func disappointDeletions() {
        for index in waiting.indices.dropFirst(taken) {
            guard case .delete(var deletion) = waiting[index].work,
                let whenDurable = deletion.whenDurable
            else { continue }
            deletion.whenDurable = nil
            waiting[index].work = .delete(deletion)
            whenDurable(false)
        }
    }

    private mutating func recoverFull(_ error: LMDBError) -> Next {
        guard let file else { return .now }
        if isSingle { reliefPages *= 2 }
        do {
            if try !relieve(file, target: reliefPages), groups.isEmpty, held.isEmpty {
                quarantine("no page of it can be freed: \(error)")
                return .now
            }
        } catch {
            return error.kind == .full ? pause(error) : recover(error)
        }
        if reliefPages > Self.lastRelief, taken < waiting.count { refuseFirst() }
        return groups.isEmpty ? .now : .after(1)
    }

    /// Gives up an operation that fails alone as well, in a map with room.
    private mutating func refuseFirst() {
        reliefPages = Self.firstRelief
        let operation = waiting[taken]
        guard case .put = operation.work else { return }
        core.counters.add(.refusedFull)
        taken += 1
        finish(operation, isDurable: false)
        dropTaken()
    }

    // MARK: a new file

    /// A file that is not to be used any more is set aside, and another one made.
    enum Succession { case setsAside, makes }

    /// Sets the file aside and begins anew; serving goes on, from memory and from origins.
    mutating func quarantine(_ reason: String) {
        core.counters.add(.quarantines)
        core.log(
            StoreEvent(
                .error,
                "cache in \"\(core.directory.path)\" set aside as bad-*: \(reason); begun anew"))
        file = nil
        reader = nil
        core.replaceFile(nil, generation: core.generation + 1)
        forgetContents()
        succession = .setsAside
        succeedFile()
    }

    /// Makes the file that follows. What keeps it from being made may pass, a full disk say, and so
    /// it is tried again, less and less often; until then there is none.
    private mutating func succeedFile() {
        do {
            let fresh = try makeSuccessor()
            (file, succession) = (fresh, nil)
            core.replaceFile(fresh, generation: fresh.generation)
            guard core.mode == .off else { return }
            (core.mode, retryDelay) = (.normal, 0)
            core.log(
                StoreEvent(.notice, "the cache in \"\(core.directory.path)\" is used again, empty"))
        } catch {
            if core.mode != .off {
                retryDelay = 0
                core.log(
                    StoreEvent(
                        .error, "running without a cache: \(error); tried again until it is made"))
            }
            core.mode = .off
            core.counters.set(.entries, 0)
            core.counters.set(.usedPages, 0)
            retryDelay = min(max(retryDelay * 2, Self.firstRetry), Self.longestRetry)
            retryAt = core.settings.clock() + retryDelay
        }
    }

    private mutating func makeSuccessor() throws(StoreError) -> StoreFile {
        if succession == .setsAside {
            try core.directory.quarantine(now: core.settings.clock())
            succession = .makes
        } else {
            // What an attempt before this one has left.
            StoreDirectory.removeDatabase(core.directory.store)
        }
        let fresh = try StoreOpening(
            settings: core.settings, isGuarded: core.isGuarded, log: core.log
        ).makeNewFile(generation: core.generation + 1)
        reader = try StoreError.wrap(core.directory.store) { () throws(LMDBError) in
            try ReadTransaction(fresh.environment)
        }
        return fresh
    }

    private mutating func forgetContents() {
        groups.removeAll()
        held.removeAll()
        ready.removeAll()
        doomedPages = 0
        reservedObjects = 0
        refusals = 0
        isFresh = true
        isEvicting = false
        isSingle = false
        space = SpaceEstimate()
        scan = .done
        recheck = Recheck()
        // The new file does not say yet which invalidations its entries know of.
        (notedInvalidation, notedSwept) = (0, nil)
    }

    /// There is no file: what waits is dropped, and nobody is told that it is durable. One that is
    /// still to be made is made when it is time.
    mutating func withoutFile() -> Next {
        for operation in waiting.dropFirst(taken) {
            core.counters.add(.refusedMode)
            finish(operation, isDurable: false)
        }
        taken = waiting.count
        dropTaken()
        guard succession != nil else { return .idle }
        let now = core.settings.clock()
        if now < retryAt { return .after(retryAt - now) }
        succeedFile()
        return file == nil ? .after(retryDelay) : .now
    }
}

extension StoreError {
    /// Runs LMDB calls as part of opening the cache.
    static func wrap<Result: ~Copyable>(
        _ path: String, _ body: () throws(LMDBError) -> Result
    ) throws(StoreError) -> Result {
        do { return try body() } catch { throw StoreError.database(path: path, error) }
    }
}

extension StoreWriter {
    /// Carries out what waits, as far as the disk lets it, and lets the file go.
    mutating func close() {
        succession = nil
        // Bounded: each turn does something of it, or asks for more room than the one before, and
        // a disk that refuses ends it. Room that nobody waits for is made after the next start.
        while step() == .now, !waiting.isEmpty {}
        if let file {
            do {
                try file.environment.synchronize()
            } catch {
                core.log(StoreEvent(.error, "the cache could not be flushed: \(error)"))
            }
        }
        core.mode = .off
        _ = withoutFile()
        core.replaceFile(nil, generation: core.generation + 1)
        reader = nil
        file = nil
    }
}
