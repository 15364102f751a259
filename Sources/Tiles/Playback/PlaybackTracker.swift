/// Who plays what: tells from the requests of viewers that they step a view through TIME, and what
/// they will ask for next.
///
/// Pure: the clock is the caller's. A table of a size that never changes, in memory of its own; a
/// request is a search among four places, and allocates nothing. Whoever finds all four taken takes
/// the one that was used least lately, so that beyond ``tracks`` views in play some are seen late.
///
/// A view is *played* when its frames follow one another by one stride, forwards or backwards, or
/// in the order of the layer's own list. It is not any more when no frame comes in the time in
/// which three came before: who has paused may pan and zoom as he likes.
@safe  // `place(of:)` keeps indices inside; freed with the value
public struct PlaybackTracker: ~Copyable {
    /// Views that are remembered.
    public static let tracks = 512
    private static let ways = 4
    /// Steps by which a player is known.
    static let stepsMin: UInt8 = 2
    /// Shortest and longest time in which the next frame is waited for, in milliseconds.
    static let patienceMin: Int64 = 2_000
    static let patienceMax: Int64 = 30_000
    /// For how long a view is left alone whose next frames could not be had, in milliseconds.
    static let restTime: Int64 = 30_000

    /// What is known of one view of one viewer.
    private struct Track {
        /// Whose, and of what view; 0: nobody's.
        var party: UInt64 = 0
        /// Hashes of the present frame's text and of the one before.
        var text: UInt64 = 0
        var previousText: UInt64 = 0
        /// The frames seen last, the latest one first.
        var current: PlaybackTime
        var previous: PlaybackTime
        var earlier: PlaybackTime
        var stride: PlaybackStride?
        /// Frames that followed one another by `stride`, and frames that followed at all.
        var steps: UInt8 = 0
        var moves: UInt8 = 0
        var steppedAt: Int64 = 0
        /// Between the last two steps.
        var interval: Int64 = 0
        var seenAt: Int64 = 0
        var restsUntil = Int64.min

        init(_ party: UInt64, _ text: UInt64, _ time: PlaybackTime, _ now: Int64) {
            (self.party, self.text) = (party, text)
            (current, previous, earlier) = (time, time, time)
            (steppedAt, seenAt) = (now, now)
        }

        /// It may be played; whether it is, the frames tell.
        func isMoving(at now: Int64) -> Bool {
            guard moves >= PlaybackTracker.stepsMin, now >= restsUntil else { return false }
            let patience = min(max(3 * interval, patienceMin), patienceMax)
            return now - steppedAt <= patience
        }
    }

    private let memory: UnsafeMutablePointer<Track?>

    public init() {
        unsafe memory = .allocate(capacity: Self.tracks)
        unsafe memory.initialize(repeating: nil, count: Self.tracks)
    }

    deinit {
        unsafe memory.deinitialize(count: Self.tracks)
        unsafe memory.deallocate()
    }

    /// A viewer has asked for a map.
    ///
    /// - Parameters:
    ///   - party: a number for the viewer and the view.
    ///   - text: the value of TIME in its normal form.
    ///   - now: monotonic milliseconds.
    /// - Returns: the frame, where the viewer may be playing, so that ``upcoming(_:of:in:)`` is
    ///   worth asking.
    public mutating func note(
        _ party: UInt64, _ text: RawSpan, at now: Int64
    ) -> PlaybackTime? {
        let hash = PlaybackView.hash(text, seed: 0x9E37_79B9_7F4A_7C15)
        let track = unsafe memory + place(of: party)
        guard unsafe track.pointee?.party == party else {
            unsafe track.pointee = PlaybackTime(text).map { Track(party, hash, $0, now) }
            return nil
        }
        // In place: a view has many tiles of each frame.
        unsafe track.pointee?.seenAt = now
        if unsafe hash != track.pointee?.text {
            // One that was under way when the next frame was asked for; or who goes to and fro
            // between two frames, which are stored by now.
            if unsafe hash == track.pointee?.previousText { return nil }
            guard let time = PlaybackTime(text) else {
                unsafe track.pointee = nil
                return nil
            }
            unsafe Self.step(&track.pointee!, to: time, hash, now)
        }
        guard unsafe track.pointee?.isMoving(at: now) == true else { return nil }
        return unsafe track.pointee?.current
    }

    private static func step(
        _ track: inout Track, to time: PlaybackTime, _ hash: UInt64, _ now: Int64
    ) {
        let stride = track.current.stride(to: time)
        if let stride, let known = track.stride?.common(with: stride), known.direction != 0 {
            track.stride = known
            track.steps = min(track.steps + 1, 250)
        } else if track.steps < stepsMin {
            // Nothing was known yet.
            track.stride = stride
            track.steps = 1
        } else {
            // A player that begins anew goes on as before; one more frame is to tell.
            track.steps = 1
        }
        (track.earlier, track.previous, track.current) = (track.previous, track.current, time)
        (track.previousText, track.text) = (track.text, hash)
        track.moves = min(track.moves + 1, 250)
        (track.interval, track.steppedAt) = (now - track.steppedAt, now)
    }

    /// The frame on the viewer's screen, if it still plays: its request was answered just now, or
    /// is being answered.
    public func current(_ party: UInt64, at now: Int64) -> PlaybackTime? {
        guard let track = unsafe memory[place(of: party)], track.party == party,
            track.isMoving(at: now)
        else { return nil }
        return track.current
    }

    /// The frame that comes `count` frames after the present one.
    ///
    /// - Parameters:
    ///   - count: 1 or more.
    ///   - list: what the layer has, where that is known.
    /// - Returns: nil where it is not played, or there is no such frame.
    public func upcoming(_ count: Int, of party: UInt64, in list: TimeList? = nil)
        -> PlaybackTime?
    {
        guard let track = unsafe memory[place(of: party)], track.party == party,
            track.moves >= Self.stepsMin
        else { return nil }
        if let listed = list?.upcoming(count, after: track.earlier, track.previous, track.current) {
            return listed
        }
        guard track.steps >= Self.stepsMin, let stride = track.stride else { return nil }
        var time = track.current
        for _ in 0..<count {
            guard let next = time.advanced(by: stride) else { return nil }
            time = next
        }
        return list?.reaches(time) ?? true ? time : nil
    }

    /// What was to come could not be had: the view is left alone for a while.
    public mutating func rest(_ party: UInt64, at now: Int64) {
        let place = place(of: party)
        guard unsafe memory[place]?.party == party else { return }
        unsafe memory[place]?.restsUntil = now + Self.restTime
    }

    /// Forgets everybody.
    public mutating func forget() {
        for place in 0..<Self.tracks { unsafe memory[place] = nil }
    }

    /// The party's place: its own, an empty one of the four, or the one used least lately.
    private func place(of party: UInt64) -> Int {
        let start = Int(truncatingIfNeeded: party % UInt64(Self.tracks / Self.ways)) * Self.ways
        var best = start
        var bestSeen = Int64.max
        for place in start..<(start + Self.ways) {
            guard let track = unsafe memory[place] else {
                if bestSeen > .min { (best, bestSeen) = (place, .min) }
                continue
            }
            if track.party == party { return place }
            if track.seenAt < bestSeen { (best, bestSeen) = (place, track.seenAt) }
        }
        return best
    }
}
