import Glibc

/// The secured connections of one loop, by descriptor.
///
/// Holds no memory until the first one, so that a loop without TLS pays one comparison a call.
@safe
struct TLSTable: ~Copyable {
    private var slots: UnsafeMutablePointer<UnsafeMutablePointer<TLSSession>?>?
    private var capacity: UInt32 = 0
    /// Descriptors by token, of sessions that wait for something else than their owner thinks.
    private var crossings: [UInt64: Int32] = [:]
    /// Descriptors of which the loop has to be told; some may have been closed since.
    private var announcements: [Int32] = []
    private(set) var count = 0
    private var stage = RecordStage()
    var map: MappedFile?

    init() {}

    deinit {
        for fd in 0..<Int(capacity) {
            guard let session = unsafe slots?[fd] else { continue }
            unsafe session.deinitialize(count: 1)
            unsafe session.deallocate()
        }
        unsafe slots?.deallocate()
    }

    /// Whether the descriptor's bytes go through TLS.
    @inline(__always)
    func holds(_ fd: Int32) -> Bool {
        let index = UInt32(bitPattern: fd)
        return index < capacity && (unsafe slots.unsafelyUnwrapped[Int(index)] != nil)
    }

    var hasAnnouncements: Bool { !announcements.isEmpty }
    private var hasCrossings: Bool { !crossings.isEmpty }
    /// Whether a wait has more to do than to ask the kernel.
    var needsAttention: Bool { count > 0 && (hasCrossings || hasAnnouncements) }

    /// The session of a descriptor that ``holds(_:)``.
    private func session(_ fd: Int32) -> UnsafeMutablePointer<TLSSession> {
        precondition(holds(fd), "no TLS was begun on this descriptor")
        return unsafe slots.unsafelyUnwrapped[Int(fd)].unsafelyUnwrapped
    }

    mutating func begin(_ fd: Int32, _ session: consuming TLSSession) {
        precondition(fd >= 0 && !holds(fd), "TLS begun twice on a descriptor")
        if UInt32(fd) >= capacity { grow(toHold: UInt32(fd)) }
        let place = UnsafeMutablePointer<TLSSession>.allocate(capacity: 1)
        unsafe place.initialize(to: session)
        unsafe slots.unsafelyUnwrapped[Int(fd)] = unsafe place
        count += 1
        stage.prepare()
        note(fd)
    }

    /// Ends the session, with a closing message if it is in a state to send one.
    mutating func end(_ fd: Int32, withGoodbye: Bool) {
        let place = unsafe session(fd)
        if withGoodbye { unsafe place.pointee.sendLastWords() }
        unsafe crossings[place.pointee.token.bits] = nil
        unsafe place.deinitialize(count: 1)
        unsafe place.deallocate()
        unsafe slots.unsafelyUnwrapped[Int(fd)] = nil
        count -= 1
    }

    mutating func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        let result = unsafe session(fd).pointee.receive(into: buffer)
        note(fd)
        return result
    }

    mutating func send(_ fd: Int32, _ parts: UnsafeBufferPointer<iovec>) -> IOResult {
        let result = unsafe session(fd).pointee.send(parts, stage, map)
        note(fd)
        return result
    }

    mutating func sendEnd(_ fd: Int32) {
        unsafe session(fd).pointee.sendEnd()
        note(fd)
    }

    /// Whether sends go straight to the socket, where the kernel encrypts.
    func kernelSends(_ fd: Int32) -> Bool { unsafe session(fd).pointee.kernelSends }

    func description(_ fd: Int32) -> TLSDescription { unsafe session(fd).pointee.description }
    func names(_ fd: Int32) -> TLSNames? { unsafe session(fd).pointee.names }
    func failure(_ fd: Int32) -> TLSFailure? { unsafe session(fd).pointee.failure }
    func isEstablished(_ fd: Int32) -> Bool { unsafe session(fd).pointee.isEstablished }

    mutating func move(_ fd: Int32, to token: Token) {
        let place = unsafe session(fd)
        unsafe crossings[place.pointee.token.bits] = nil
        unsafe place.pointee.token = token
        note(fd)
    }

    /// System calls made for the descriptor since the last question.
    mutating func takeCounts(_ fd: Int32) -> (receives: UInt64, sends: UInt64) {
        let link = unsafe session(fd).pointee.link
        defer {
            unsafe link.pointee.receives = 0
            unsafe link.pointee.sends = 0
        }
        return unsafe (link.pointee.receives, link.pointee.sends)
    }

    // MARK: readiness

    /// Keeps the lists in step with what the session waits for.
    private mutating func note(_ fd: Int32) {
        let place = unsafe session(fd)
        let token = unsafe place.pointee.token.bits
        if unsafe place.pointee.crossing.isEmpty {
            if hasCrossings { crossings[token] = nil }
        } else {
            crossings[token] = fd
        }
        if unsafe !place.pointee.announced.isEmpty, !announcements.contains(fd) {
            announcements.append(fd)
        }
    }

    /// Makes the kernel's word mean what the owner takes it for: who waits to send before it can
    /// receive hears "readable" when there is room, and the other way round.
    func translate(_ events: UnsafeMutableBufferPointer<ReadyEvent>) {
        for index in events.indices {
            guard unsafe crossings[events[index].token.bits] != nil else { continue }
            unsafe events[index].readiness.formUnion([.readable, .writable])
        }
    }

    /// Writes what is to be told; what finds no room waits for the next tick.
    mutating func announce(into events: UnsafeMutableBufferPointer<ReadyEvent>) -> Int {
        var count = 0
        while count < events.count, let fd = announcements.popLast() {
            guard holds(fd) else { continue }
            let place = unsafe session(fd)
            guard unsafe !place.pointee.announced.isEmpty else { continue }
            unsafe events[count] = unsafe ReadyEvent(
                token: place.pointee.token, readiness: place.pointee.announced)
            unsafe place.pointee.announced = []
            count += 1
        }
        return count
    }

    private mutating func grow(toHold fd: UInt32) {
        let larger = max(1_024, (fd + 1).nextPowerOfTwo)
        let moved = UnsafeMutablePointer<UnsafeMutablePointer<TLSSession>?>.allocate(
            capacity: Int(larger))
        unsafe moved.initialize(repeating: nil, count: Int(larger))
        if let slots = unsafe slots {
            unsafe moved.moveUpdate(from: slots, count: Int(capacity))
            unsafe slots.deallocate()
        }
        unsafe slots = moved
        capacity = larger
    }
}

extension UInt32 {
    fileprivate var nextPowerOfTwo: UInt32 {
        self <= 1 ? 1 : 1 << (32 - (self - 1).leadingZeroBitCount)
    }
}
