import Caching
import HTTP
import Reactor
import Tiles

// The hit path's part: who plays is told from hits as well, since a viewer whose frames are all
// ready makes nothing else. Fixed memory, no allocation, no lock.
extension LoopState where N: ~Copyable {
    /// A viewer asks for a map of a behavior with playback. The canonical key is in the scratch
    /// memory.
    ///
    /// - Returns: whether the tile was fetched ahead, and is asked for the first time.
    @inline(never)
    mutating func notePlayback(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ key: CacheKey, _ canonical: CanonicalKey
    ) -> Bool {
        // What is this viewer's alone, or must be new, says nothing of what to fetch for all. Whose
        // credentials were set aside is given what nobody is.
        guard facts.method == .get, !facts.hasSession, !facts.hasAuthorization, !facts.hasRange,
            facts.notOlderThan == .min, facts.wish == .none,
            !viewers[slot].isSouthbound
        else { return false }
        let whole = unsafe canonical.bytes
        guard let map = unsafe Self.mapRequest(in: whole.bytes) else { return false }
        let text = unsafe whole.bytes.extracting(map)
        guard let view = PlaybackView(text), unsafe !isAskedAhead(bytes) else { return false }
        let wasAhead = shared.marks.take(key)
        let viewer = unsafe ViewerKey.of(
            viewerAddress(slot, head, bytes), seed: seed.0)
        let party = view.hash(text, seed: ViewerKey.mix(UInt64(behavior), viewer)) | 1
        let now = network.monotonicMilliseconds
        guard let time = playback.tracker.note(party, text.extracting(view.time), at: now),
            head.length + whole.count <= PlaybackDesk.wishBytes
        else { return wasAhead }
        let wish = unsafe PlaybackWish(
            party: party, time: time, behavior: behavior, isTrusted: viewers[slot].isTrusted,
            isSecured: viewers[slot].speaksTLS, usesTLS: usesTLS(slot, head, bytes),
            headLength: head.length, keyLength: whole.count,
            map: map, value: view.time)
        let undone = unsafe playback.add(
            wish, head: UnsafeRawBufferPointer(rebasing: bytes[..<head.length]), key: whole,
            frames: hot[behavior].playbackFrames)
        if undone > 0 { counters.add(.prefetchesRefused, undone) }
        queuePrefetch()
        return wasAhead
    }

    /// Has wishes looked at at the end of this tick.
    mutating func queuePrefetch() {
        guard !playback.isQueued, playback.count > 0 else { return }
        playback.isQueued = true
        ready.append(.prefetch)
    }

    /// Where a canonical key has the map's normal form.
    private static func mapRequest(in canonical: RawSpan) -> Range<Int>? {
        var walk = CanonicalParts()
        while let (part, range) = walk.next(in: canonical) {
            if part == .mapRequest { return range }
        }
        return nil
    }

    /// Another edge, or a browser, asks ahead of its viewer: who plays is not told from that.
    private func isAskedAhead(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<head.fields.count where head.fields[index].known == .other {
            let name = unsafe bytes.bytes.extracting(head.fields[index].name.range)
            if name.byteCount == 11, PercentCoding.spells(name, "sec-purpose") { return true }
        }
        return false
    }
}
