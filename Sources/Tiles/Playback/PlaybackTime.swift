/// One frame of a playback, as TIME names it: a moment, or a window from one moment to another.
public struct PlaybackTime: Equatable, Sendable {
    private(set) var first: PlaybackInstant
    /// Where the window ends; nil: it is a moment.
    private(set) var last: PlaybackInstant?

    /// Longest text of a frame, in bytes.
    public static let textMax = 80

    init(_ moment: PlaybackInstant) { first = moment }

    private init(_ first: PlaybackInstant, _ last: PlaybackInstant?) {
        (self.first, self.last) = (first, last)
    }

    /// Reads a value of TIME in its normal form; nil for lists, for windows with a step, for what
    /// names the present, and for what cannot be read. Allocates nothing.
    public init?(_ text: RawSpan) {
        guard text.byteCount <= Self.textMax else { return nil }
        var rest = QueryText(start: 0, end: text.byteCount)
        guard let start = rest.cut(before: UInt8(ascii: "/"), in: text),
            let instant = TimeInstant(start, in: text), let first = PlaybackInstant(instant)
        else { return nil }
        self.first = first
        guard start.end < text.byteCount else { return }
        guard let end = rest.cut(before: UInt8(ascii: "/"), in: text), end.end == text.byteCount,
            let instant = TimeInstant(end, in: text), let last = PlaybackInstant(instant)
        else { return nil }
        self.last = last
    }

    /// The moment, if it is one.
    var moment: PlaybackInstant? { last == nil ? first : nil }

    func stride(to other: PlaybackTime) -> PlaybackStride? {
        guard let start = first.step(to: other.first) else { return nil }
        guard let last, let next = other.last else {
            return last == nil && other.last == nil ? PlaybackStride(start, nil) : nil
        }
        return last.step(to: next).map { PlaybackStride(start, $0) }
    }

    func advanced(by stride: PlaybackStride) -> PlaybackTime? {
        guard let first = first.advanced(by: stride.first) else { return nil }
        guard let last, let step = stride.last else { return PlaybackTime(first, nil) }
        return last.advanced(by: step).map { PlaybackTime(first, $0) }
    }

    /// Writes it as the normal form of a map request has it: equal frames have equal texts.
    ///
    /// - Returns: its length; nil where it did not fit.
    public func write(into memory: UnsafeMutableRawBufferPointer) -> Int? {
        var writer = unsafe KeyWriter(memory)
        first.write(to: &writer)
        if let last {
            writer.byte(UInt8(ascii: "/"))
            last.write(to: &writer)
        }
        return writer.hasOverflowed ? nil : writer.count
    }
}

/// How a frame follows another: by how much each end of the window moved. One may stand still,
/// where a story shows all that has happened so far.
struct PlaybackStride: Equatable {
    var first: PlaybackStep
    /// nil: frames are moments.
    var last: PlaybackStep?

    init(_ first: PlaybackStep, _ last: PlaybackStep?) { (self.first, self.last) = (first, last) }

    /// Forwards 1, backwards -1; 0 where it goes nowhere, or its ends go different ways.
    var direction: Int64 {
        guard let last else { return first.direction }
        let (start, end) = (first.direction, last.direction)
        return start == 0 ? end : end == 0 || end == start ? start : 0
    }

    /// See ``PlaybackStep/common(with:)``.
    func common(with next: PlaybackStride) -> PlaybackStride? {
        guard let step = first.common(with: next.first) else { return nil }
        switch (last, next.last) {
        case (nil, nil): return PlaybackStride(step, nil)
        case (let last?, let other?):
            return last.common(with: other).map { PlaybackStride(step, $0) }
        // Moments and windows are two ways of playing.
        default: return nil
        }
    }
}
