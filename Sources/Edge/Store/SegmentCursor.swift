import Glibc

/// Walks over the bytes of several segments as if they were one.
struct SegmentCursor {
    private let segments: [StoreSegment]
    private var index = 0
    private var offset = 0

    init(_ segments: [StoreSegment]) { self.segments = segments }

    /// Copies the next bytes, as many as `target` holds.
    mutating func copy(to target: UnsafeMutableRawBufferPointer) {
        var at = 0
        while at < target.count, let run = unsafe next(target.count - at) {
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[at...]).copyMemory(from: run)
            at += run.count
        }
        precondition(at == target.count, "the body is shorter than its length")
    }

    /// Whether the next bytes are these.
    mutating func isNext(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < bytes.count {
            guard let run = unsafe next(bytes.count - at), let left = run.baseAddress,
                let right = bytes.baseAddress, unsafe memcmp(left, right + at, run.count) == 0
            else { return false }
            at += run.count
        }
        return true
    }

    /// Passes over the next bytes.
    mutating func skip(_ count: Int) {
        var rest = count
        while rest > 0, let run = unsafe next(rest) { rest -= run.count }
    }

    /// The next bytes, at most `limit`, as far as they lie together.
    private mutating func next(_ limit: Int) -> UnsafeRawBufferPointer? {
        while index < segments.count {
            let bytes = unsafe segments[index].bytes
            if offset < bytes.count {
                let count = min(limit, bytes.count - offset)
                defer { offset += count }
                return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
            }
            index += 1
            offset = 0
        }
        return nil
    }
}
