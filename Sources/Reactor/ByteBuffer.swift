import Glibc

/// Bytes that wait: received and not yet parsed, or not yet taken by a peer.
///
/// Holds no memory until the first byte, and none after ``releaseIfEmpty()``, so that an idle
/// viewer costs only these 24 bytes. Bytes are appended behind and consumed in front; space that
/// was consumed is used again. Never grows past its maximum.
@safe
public struct ByteBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private var start: UInt32 = 0
    private var end: UInt32 = 0
    private var capacity: UInt32 = 0
    private let maximum: UInt32

    private static var smallest: Int { 512 }

    /// - Parameter maximum: most bytes held at once, 1 to 2^31.
    public init(maximum: Int) {
        precondition(maximum > 0 && maximum <= 1 << 31, "a buffer holds 1 to 2^31 bytes")
        self.maximum = UInt32(maximum)
    }

    deinit {
        unsafe free(base)
    }

    /// How many bytes wait.
    public var count: Int { Int(end &- start) }

    public var isEmpty: Bool { start == end }

    /// Memory held now.
    public var allocatedBytes: Int { Int(capacity) }

    /// How many more bytes may be appended.
    public var room: Int { Int(maximum) - count }

    /// The waiting bytes; valid until the next mutating call.
    public var readable: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: base.map { unsafe $0 + Int(start) }, count: count)
    }

    /// Free space behind the waiting bytes, as much as ``reserve(_:)`` made; valid until the next
    /// mutating call. What is written there counts once ``commit(_:)`` says so.
    public var writable: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            start: base.map { unsafe $0 + Int(end) }, count: Int(capacity &- end))
    }

    /// Makes at least `extra` bytes of ``writable`` space; O(count) when the memory has to move.
    ///
    /// - Returns: false if that would pass the maximum; nothing has changed.
    public mutating func reserve(_ extra: Int) -> Bool {
        if extra <= Int(capacity &- end) { return true }
        guard extra <= room else { return false }
        let needed = count + extra
        // Moving down pays off only if it frees at least as much as it moves; else the same bytes
        // could be moved again and again.
        if needed <= Int(capacity), start >= end &- start || capacity == maximum {
            let base = unsafe base.unsafelyUnwrapped
            unsafe memmove(base, base + Int(start), count)
        } else {
            let doubled = max(Int(capacity) * 2, Self.smallest, needed)
            reallocate(min(doubled, Int(maximum)))
        }
        end = end &- start
        start = 0
        return true
    }

    /// Counts `written` bytes of ``writable`` as waiting.
    public mutating func commit(_ written: Int) {
        precondition(written >= 0 && written <= Int(capacity &- end), "more than was writable")
        end &+= UInt32(truncatingIfNeeded: written)
    }

    /// Copies bytes in behind the waiting ones.
    ///
    /// - Returns: false if that would pass the maximum; nothing was copied.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard reserve(bytes.count) else { return false }
        if unsafe !bytes.isEmpty { unsafe writable.copyMemory(from: bytes) }
        end &+= UInt32(truncatingIfNeeded: bytes.count)
        return true
    }

    /// Copies bytes in behind the waiting ones, as ``append(_:)-(UnsafeRawBufferPointer)``.
    public mutating func append(_ bytes: RawSpan) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    /// Drops the first `taken` waiting bytes. O(1); the memory is kept.
    public mutating func consume(_ taken: Int) {
        precondition(taken >= 0 && taken <= count, "more than was readable")
        start &+= UInt32(truncatingIfNeeded: taken)
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Gives the memory back if no byte waits.
    public mutating func releaseIfEmpty() {
        guard start == end, unsafe base != nil else { return }
        unsafe free(base)
        unsafe base = nil
        start = 0
        end = 0
        capacity = 0
    }

    /// Copies the waiting bytes to the front of new memory.
    private mutating func reallocate(_ size: Int) {
        guard let larger = unsafe malloc(size) else { trap("malloc", errno) }
        if let base = unsafe base {
            unsafe memcpy(larger, base + Int(start), count)
            unsafe free(base)
        }
        unsafe base = larger
        capacity = UInt32(truncatingIfNeeded: size)
    }
}
