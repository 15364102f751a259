import Glibc
import Reactor

// What a loop writes on the tape, and into what `record --last` looks back at. None of it is called
// while there is neither.
extension LoopState where N: ~Copyable {
    /// Whether anybody takes what passes.
    var isTaped: Bool {
        @inline(__always) get { tape != nil || lookBack.isOn }
    }

    @inline(never)
    mutating func tapeViewer(_ slot: UInt32, said bytes: UnsafeRawBufferPointer) {
        let connection = viewerConnection(slot)
        let (isSecured, isTrusted) = (viewers[slot].speaksTLS, viewers[slot].isTrusted)
        let isSouthbound = viewers[slot].isSouthbound
        if lookBack.isOn {
            let detail =
                (isSecured ? LookBack.secured : 0) | (isTrusted ? LookBack.trusted : 0)
                | (isSouthbound ? LookBack.southbound : 0)
            let begins = viewers[slot].phase == .reading && viewers[slot].input.isEmpty
            unsafe keep(.viewerSaid, of: connection, bytes, detail: detail, begins: begins)
        }
        unsafe note(
            .viewerSaid(
                [UInt8](bytes), isSecured: isSecured, isTrusted: isTrusted,
                isSouthbound: isSouthbound), of: connection, bytes.count)
    }

    /// The first `count` bytes of the loop's parts went out.
    @inline(never)
    mutating func tapeViewer(_ slot: UInt32, heard count: Int) {
        let connection = viewerConnection(slot)
        if lookBack.isOn {
            // A hit's body lies in the map, from where it was just sent.
            let isHit = viewers[slot].exchange == nil
            let note = lookBackNote(.viewerHeard, of: connection)
            unsafe lookBack.note(
                note, UnsafeBufferPointer(scratch.parts), first: count,
                limit: isHit ? LookBack.bodyBytes : .max, except: scratch.head.baseAddress)
        }
        // Nothing stands for what the disk does not give; the rest of the connection is lost.
        unsafe note(
            .viewerHeard(gathered(UnsafeBufferPointer(scratch.parts), first: count) ?? []),
            of: connection, count)
    }

    @inline(never)
    mutating func tapeViewerLeft(_ slot: UInt32, isCut: Bool) {
        let connection = viewerConnection(slot)
        unsafe keep(.viewerLeft, of: connection, detail: isCut ? LookBack.cut : 0)
        note(.viewerLeft(isCut: isCut), of: connection)
    }

    @inline(never)
    mutating func tapeOriginSought(_ slot: UInt32) {
        let connection = originConnection(slot)
        var id = origins[slot].pool.settings.id
        id.withUTF8 { name in
            unsafe keep(
                .originSought, of: connection, begins: true, name: UnsafeRawBufferPointer(name))
        }
        note(.originSought(origin: id), of: connection)
    }

    @inline(never)
    mutating func tapeOrigin(_ slot: UInt32, asked bytes: UnsafeRawBufferPointer) {
        let connection = originConnection(slot)
        var id = origins[slot].pool.settings.id
        id.withUTF8 { name in
            unsafe keep(
                .originAsked, of: connection, bytes, begins: true,
                name: UnsafeRawBufferPointer(name))
        }
        unsafe note(.originAsked([UInt8](bytes), origin: id), of: connection, bytes.count)
    }

    @inline(never)
    mutating func tapeOrigin(_ slot: UInt32, said bytes: UnsafeRawBufferPointer) {
        let connection = originConnection(slot)
        unsafe keep(.originSaid, of: connection, bytes)
        unsafe note(.originSaid([UInt8](bytes)), of: connection, bytes.count)
    }

    @inline(never)
    mutating func tapeOriginLeft(_ slot: UInt32) {
        let connection = originConnection(slot)
        unsafe keep(.originLeft, of: connection)
        note(.originLeft, of: connection)
    }

    @inline(never)
    mutating func tapeFailure(_ fetch: Fetch, _ failure: FetchFailure) {
        var id = fetch.pool.settings.id
        // It may be closed by now: what it was called is not asked of the slab.
        let connection =
            fetch.connection.map { Tape.Connection(loop: index, bits: Self.bits($0)) }
            ?? Tape.Connection(loop: index, bits: fetch.token.bits)
        id.withUTF8 { name in
            unsafe keep(
                .originFailed, of: connection, detail: failure.rawValue,
                name: UnsafeRawBufferPointer(name))
        }
        note(.originFailed(failure, origin: id), of: connection)
    }

    /// Nothing is copied for a tape that takes no more.
    private func note(
        _ event: @autoclosure () -> Tape.Event, of connection: Tape.Connection, _ bytes: Int = 0
    ) {
        guard let tape, tape.takesMore else { return }
        tape.note(event(), of: connection, at: network.wallNow, bytes: bytes)
    }

    private mutating func keep(
        _ kind: LookBack.Kind, of connection: Tape.Connection,
        _ bytes: UnsafeRawBufferPointer? = nil, detail: UInt8 = 0, begins: Bool = false,
        name: UnsafeRawBufferPointer? = nil
    ) {
        guard lookBack.isOn else { return }
        let note = lookBackNote(kind, of: connection, detail: detail, begins: begins)
        // Nobody is sending, or has sent these.
        unsafe scratch.parts[0] = unsafe iovec(
            iov_base: UnsafeMutableRawPointer(mutating: bytes?.baseAddress),
            iov_len: bytes?.count ?? 0)
        unsafe lookBack.note(
            note, UnsafeBufferPointer(rebasing: scratch.parts[..<1]), first: bytes?.count ?? 0,
            name: name)
    }

    private func lookBackNote(
        _ kind: LookBack.Kind, of connection: Tape.Connection, detail: UInt8 = 0,
        begins: Bool = false
    ) -> LookBack.Note {
        LookBack.Note(
            kind: kind, detail: detail, begins: begins, connection: connection,
            time: network.wallNow, moment: network.monotonicNow)
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
