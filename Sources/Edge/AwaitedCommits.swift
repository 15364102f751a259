import Reactor

// What waits until something is on disk: a write before it is forwarded, its answer, and word of
// its failure. None of them for ever: a disk that hangs, or a message that was lost, holds nobody
// longer than a member that sends nothing may.
extension LoopState where N: ~Copyable {
    /// The fetch waits for the disk from now on.
    mutating func awaitDisk(_ fetch: Fetch) {
        setDeadline(fetch, milliseconds: fetch.pool.settings.betweenBytesTimeout)
    }

    /// What tells the fetch, from any thread, that what it waits for is on disk.
    func keptWord(_ fetch: Fetch) -> @Sendable (Bool) -> Void {
        let (mailbox, token) = (shared.mailboxes[index], fetch.token.bits)
        let wait = fetch.commitWait
        return { _ in _ = mailbox.post(.kept(fetch: token, wait: wait)) }
    }

    /// Word from the disk: what was waited for is there, or cannot be kept.
    ///
    /// - Parameter wait: that for which it was asked for. What comes late, when that is over, is
    ///   not what the fetch waits for now.
    mutating func invalidationKept(_ token: Token, of wait: UInt32) {
        guard fetches.contains(token), fetches[token.slot].commitWait == wait else { return }
        let fetch = fetches[token.slot]
        if forwardsLogged(fetch) { return }
        fetch.awaitedCommits = max(0, fetch.awaitedCommits - 1)
        if fetch.awaitedCommits == 0 { goOnFromDisk(fetch) }
    }

    /// Whether a fetch whose time is over waited for the disk. It goes on as if that had refused:
    /// what was to be kept is in force all the same, and only a crash could lose it.
    mutating func outwaitsDisk(_ fetch: Fetch) -> Bool {
        let isLogging = fetch.exchange.watch?.stage == .logging
        guard isLogging || fetch.held != nil || fetch.heldFailure != nil else { return false }
        fetch.commitWait &+= 1
        fetch.awaitedCommits = 0
        if !forwardsLogged(fetch) { goOnFromDisk(fetch) }
        return true
    }

    private mutating func goOnFromDisk(_ fetch: Fetch) {
        let token = fetch.token
        if let failure = fetch.heldFailure { return finishFailed(fetch, failure) }
        guard let head = fetch.held, let slot = fetch.connection, origins.contains(slot) else {
            return
        }
        fetch.held = nil
        setDeadline(fetch, milliseconds: fetch.pool.settings.betweenBytesTimeout)
        goOn(slot.index, fetch, head)
        if fetches.contains(token), origins.contains(slot) { receiveOrigin(slot.index) }
    }
}
