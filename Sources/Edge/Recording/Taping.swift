import Glibc
import Reactor

// What a loop writes on the tape. None of it is called while nobody records.
extension LoopState where N: ~Copyable {
    @inline(never)
    func tapeViewer(_ slot: UInt32, said bytes: UnsafeRawBufferPointer) {
        let (isSecured, isTrusted) = (viewers[slot].speaksTLS, viewers[slot].isTrusted)
        unsafe note(
            .viewerSaid(
                [UInt8](bytes), isSecured: isSecured, isTrusted: isTrusted,
                isSouthbound: viewers[slot].isSouthbound),
            of: viewerConnection(slot), bytes.count)
    }

    /// The first `count` bytes of the loop's parts went out.
    @inline(never)
    func tapeViewer(_ slot: UInt32, heard count: Int) {
        // Nothing stands for what the disk does not give; the rest of the connection is lost.
        unsafe note(
            .viewerHeard(gathered(UnsafeBufferPointer(scratch.parts), first: count) ?? []),
            of: viewerConnection(slot), count)
    }

    @inline(never)
    func tapeViewerLeft(_ slot: UInt32) { note(.viewerLeft, of: viewerConnection(slot)) }

    @inline(never)
    func tapeOrigin(_ slot: UInt32, asked bytes: UnsafeRawBufferPointer) {
        unsafe note(
            .originAsked([UInt8](bytes), origin: origins[slot].pool.settings.id),
            of: originConnection(slot), bytes.count)
    }

    @inline(never)
    func tapeOrigin(_ slot: UInt32, said bytes: UnsafeRawBufferPointer) {
        unsafe note(.originSaid([UInt8](bytes)), of: originConnection(slot), bytes.count)
    }

    @inline(never)
    func tapeOriginLeft(_ slot: UInt32) { note(.originLeft, of: originConnection(slot)) }

    @inline(never)
    func tapeFailure(_ fetch: Fetch, _ failure: FetchFailure) {
        note(
            .originFailed(failure, origin: fetch.pool.settings.id),
            // It may be closed by now: what it was called is not asked of the slab.
            of: fetch.connection.map { Tape.Connection(loop: index, bits: Self.bits($0)) }
                ?? Tape.Connection(loop: index, bits: fetch.token.bits))
    }

    /// Nothing is copied for a tape that takes no more.
    private func note(
        _ event: @autoclosure () -> Tape.Event, of connection: Tape.Connection, _ bytes: Int = 0
    ) {
        guard let tape, tape.takesMore else { return }
        tape.note(event(), of: connection, at: network.wallNow, bytes: bytes)
    }

    private func viewerConnection(_ slot: UInt32) -> Tape.Connection {
        Tape.Connection(
            loop: index, bits: Token(viewers.life(of: slot), kind: TokenKind.viewer).bits)
    }

    private func originConnection(_ slot: UInt32) -> Tape.Connection {
        Tape.Connection(loop: index, bits: Self.bits(origins.life(of: slot)))
    }

    private static func bits(_ origin: Slot) -> UInt64 {
        Token(origin, kind: TokenKind.origin).bits
    }
}
