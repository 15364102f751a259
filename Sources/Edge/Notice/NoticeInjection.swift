import HTTP

/// Puts a notice into a page: pure, whole pages in memory.
enum NoticeInjection {
    enum Coding { case identity, gzip }

    /// Where a notice goes: before the last `marker`, whatever its case, else at the end.
    static func place(in page: [UInt8], marker: [UInt8]) -> Int {
        guard !marker.isEmpty, page.count >= marker.count else { return page.count }
        let wanted = marker.map(lowered)
        var at = page.count - marker.count
        while at >= 0 {
            // Most places differ in the first byte.
            if lowered(page[at]) == wanted[0],
                (1..<wanted.count).allSatisfy({ lowered(page[at + $0]) == wanted[$0] })
            {
                return at
            }
            at -= 1
        }
        return page.count
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    static func injected(_ page: [UInt8], _ notice: [UInt8], marker: [UInt8]) -> [UInt8] {
        let place = place(in: page, marker: marker)
        var result: [UInt8] = []
        result.reserveCapacity(page.count + notice.count)
        result += page[..<place]
        result += notice
        result += page[place...]
        return result
    }

    /// The same for a page in gzip, which stays in it: takes milliseconds, so off the loops.
    ///
    /// - Returns: nil if it is no sound gzip, larger than `limit` once decompressed, or if memory
    ///   lacks.
    static func injectedGzip(
        _ page: [UInt8], _ notice: [UInt8], marker: [UInt8], limit: Int
    ) -> [UInt8]? {
        guard let plain = decompressed(page, limit: limit) else { return nil }
        return compressed(injected(plain, notice, marker: marker))
    }

    /// - Parameter isPart: what is there of a longer body, so that its end may be missing; stops at
    ///   the limit instead of failing there.
    static func decompressed(_ page: [UInt8], limit: Int, isPart: Bool = false) -> [UInt8]? {
        guard var reader = GzipReader(limit: limit) else { return nil }
        var plain: [UInt8] = []
        var at = 0
        while true {
            var taken: GzipStep?
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { room, count in
                do throws(GzipError) {
                    let step = unsafe try reader.read(
                        page.span.bytes.extracting(at...), into: UnsafeMutableRawBufferPointer(room)
                    )
                    (taken, count) = (step, step.produced)
                } catch {
                    count = 0
                }
            }
            guard let step = taken else { return isPart ? plain : nil }
            plain += piece
            at += step.consumed
            if step.isDone && at == page.count || isPart && plain.count >= limit { break }
            if step.consumed == 0, step.produced == 0 { return isPart ? plain : nil }
        }
        return isPart || reader.isComplete ? plain : nil
    }

    private static func compressed(_ plain: [UInt8]) -> [UInt8]? {
        // It is sent to a few viewers and forgotten: speed matters more than size.
        guard var writer = GzipWriter(level: 1) else { return nil }
        var result: [UInt8] = []
        var at = 0
        while true {
            var taken: GzipStep?
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { room, count in
                let step = unsafe writer.write(
                    plain.span.bytes.extracting(at...), .finished,
                    into: UnsafeMutableRawBufferPointer(room))
                (taken, count) = (step, step.produced)
            }
            guard let step = taken else { return nil }
            result += piece
            at += step.consumed
            if step.isDone { return result }
            if step.consumed == 0, step.produced == 0 { return nil }
        }
    }
}
