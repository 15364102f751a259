import HTTP

/// What of a map's normal form is its view, and what its frame: the view is layers, styles, picture
/// and zoom level, which all tiles of a viewport have in common, the frame is TIME.
///
/// Offsets into the text, which is the caller's. Allocates nothing.
public struct PlaybackView: Sendable {
    /// Where the value of TIME stands.
    public let time: Range<Int>
    /// Where the tile's column and row stand; empty for a map that is no tile: its box is its view.
    private let place: Range<Int>

    /// - Parameter text: the normal form, as `TileRequest.normalise` writes it.
    /// - Returns: nil for a map without TIME.
    public init?(_ text: RawSpan) {
        var time: Range<Int>?
        var place = 0..<0
        var end = text.byteCount
        // From behind: TIME stands behind the place, and little behind TIME.
        search: while end > 0 {
            var start = end
            while start > 0, !Self.isSeparator(text.byte(start - 1)) { start -= 1 }
            let isMarked = start > 0 && text.byte(start - 1) == UInt8(ascii: "#")
            if isMarked, Self.reads("TILE", text, before: start - 1) {
                place = Self.place(text, start..<end)
                break
            }
            if time == nil, Self.reads("TIME=", text, at: start, end) {
                time = (start + 5)..<end
            }
            if isMarked || Self.reads("BBOX=", text, at: start, end) { break search }
            end = start - 1
        }
        guard let time, !time.isEmpty else { return nil }
        (self.time, self.place) = (time, place)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "&") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    private static func reads(_ word: StaticString, _ text: RawSpan, at start: Int, _ end: Int)
        -> Bool
    {
        let length = word.utf8CodeUnitCount
        guard end - start >= length else { return false }
        for index in 0..<length where text.byte(start + index) != word.byte(index) { return false }
        return true
    }

    private static func reads(_ word: StaticString, _ text: RawSpan, before end: Int) -> Bool {
        let start = end - word.utf8CodeUnitCount
        return start >= 0 && reads(word, text, at: start, end)
    }

    /// `column/row` of `set/level/column/row`.
    private static func place(_ text: RawSpan, _ tile: Range<Int>) -> Range<Int> {
        var slashes = 0
        var at = tile.upperBound
        while at > tile.lowerBound {
            at -= 1
            if text.byte(at) == UInt8(ascii: "/") { slashes += 1 }
            if slashes == 2 { return (at + 1)..<tile.upperBound }
        }
        return tile
    }

    /// A number made of the view alone, the same for all of its tiles and frames.
    ///
    /// - Parameter seed: a secret, so that nobody can choose whose number his own is.
    public func hash(_ text: RawSpan, seed: UInt64) -> UInt64 {
        var state = seed
        Self.mix(text, 0..<place.lowerBound, &state)
        Self.mix(text, place.upperBound..<time.lowerBound, &state)
        Self.mix(text, time.upperBound..<text.byteCount, &state)
        return state
    }

    /// A number made of a text.
    static func hash(_ text: RawSpan, seed: UInt64) -> UInt64 {
        var state = seed
        mix(text, 0..<text.byteCount, &state)
        return state
    }

    /// Eight bytes a step, by one multiplication whose halves are folded (wyhash's mixer).
    private static func mix(_ text: RawSpan, _ range: Range<Int>, _ state: inout UInt64) {
        func fold(_ word: UInt64) {
            let (high, low) = (state ^ word ^ 0xA076_1D64_78BD_642F)
                .multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
            state = high ^ low
        }
        var at = range.lowerBound
        while at + 8 <= range.upperBound {
            fold(unsafe text.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self))
            at += 8
        }
        var last = UInt64(range.count)
        while at < range.upperBound {
            last = last << 8 | UInt64(text.byte(at))
            at += 1
        }
        fold(last)
    }
}

extension TileRequest {
    /// A query with another value of TIME and without tokens, all else as it was; nil where it
    /// names no TIME.
    ///
    /// - Parameter time: in its normal form, which needs no encoding.
    public static func query(_ query: RawSpan, withTime time: [UInt8]) -> [UInt8]? {
        var walk = QueryWalk()
        var (asked, hasTime) = ([UInt8](), false)
        while let parameter = walk.next(in: query) {
            let (name, value) = (parameter.name, parameter.value)
            let known = MapParameter.named(name, in: query)
            if known == .token { continue }
            if !asked.isEmpty { asked.append(UInt8(ascii: "&")) }
            let isTime = known == .time && !hasTime
            if isTime, value.isEmpty { return nil }
            unsafe query.withUnsafeBytes { bytes in
                unsafe asked += bytes[name.start..<(isTime ? value.start : value.end)]
            }
            if isTime { asked += time }
            hasTime = hasTime || isTime
        }
        return hasTime ? asked : nil
    }
}
