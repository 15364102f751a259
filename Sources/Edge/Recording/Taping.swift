import Glibc
import Reactor

// What a loop writes on the tape. None of it is called while nobody records.
extension LoopState where N: ~Copyable {
    @inline(never)
    func tapeViewer(_ slot: UInt32, said bytes: UnsafeRawBufferPointer) {
        guard let tape, tape.takesMore else { return }
        let secured = viewers[slot].speaksTLS
        unsafe tape.note(
            .viewerSaid([UInt8](bytes), isSecured: secured), of: viewerConnection(slot),
            at: network.wallNow, bytes: bytes.count)
    }

    /// The first `count` bytes of the loop's parts went out.
    @inline(never)
    func tapeViewer(_ slot: UInt32, heard count: Int) {
        guard let tape, tape.takesMore else { return }
        // Nothing stands for what the disk does not give; the rest of the connection is lost.
        let bytes = unsafe gathered(UnsafeBufferPointer(scratch.parts), first: count) ?? []
        tape.note(
            .viewerHeard(bytes), of: viewerConnection(slot), at: network.wallNow,
            bytes: bytes.count)
    }

    @inline(never)
    func tapeViewerLeft(_ slot: UInt32) {
        guard let tape, tape.takesMore else { return }
        tape.note(.viewerLeft, of: viewerConnection(slot), at: network.wallNow, bytes: 0)
    }

    @inline(never)
    func tapeOrigin(_ slot: UInt32, asked bytes: UnsafeRawBufferPointer) {
        guard let tape, tape.takesMore else { return }
        unsafe tape.note(
            .originAsked([UInt8](bytes), origin: origins[slot].pool.settings.id),
            of: originConnection(slot), at: network.wallNow, bytes: bytes.count)
    }

    @inline(never)
    func tapeOrigin(_ slot: UInt32, said bytes: UnsafeRawBufferPointer) {
        guard let tape, tape.takesMore else { return }
        unsafe tape.note(
            .originSaid([UInt8](bytes)), of: originConnection(slot), at: network.wallNow,
            bytes: bytes.count)
    }

    @inline(never)
    func tapeOriginLeft(_ slot: UInt32) {
        guard let tape, tape.takesMore else { return }
        tape.note(.originLeft, of: originConnection(slot), at: network.wallNow, bytes: 0)
    }

    @inline(never)
    func tapeFailure(_ fetch: Fetch, _ failure: FetchFailure) {
        guard let tape, tape.takesMore else { return }
        let connection =
            fetch.connection.map { originConnection($0.index) }
            ?? Tape.Connection(loop: index, bits: fetch.token.bits)
        tape.note(
            .originFailed(failure, origin: fetch.pool.settings.id), of: connection,
            at: network.wallNow, bytes: 0)
    }

    private func viewerConnection(_ slot: UInt32) -> Tape.Connection {
        Tape.Connection(
            loop: index, bits: Token(viewers.life(of: slot), kind: TokenKind.viewer).bits)
    }

    private func originConnection(_ slot: UInt32) -> Tape.Connection {
        Tape.Connection(
            loop: index, bits: Token(origins.life(of: slot), kind: TokenKind.origin).bits)
    }
}
