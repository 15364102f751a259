import Synchronization

/// How often objects were served lately: one byte for each, written by all loops.
///
/// A byte belongs to all objects whose ids are equal modulo the size; ids are given out in
/// rising order, so with room for twice the objects two that live at the same time rarely share
/// one, and then one of them stays a little longer.
@safe  // every index is masked; only `deallocate` has to trust the caller
public struct TouchTable: @unchecked Sendable {  // the bytes are atomics; the memory never moves
    private let bytes: UnsafeMutablePointer<Atomic<UInt8>>
    private let mask: UInt64

    /// More hits than this are not counted.
    static var limit: UInt8 { 3 }

    /// Room for `objects` at the least; never freed before `deallocate`.
    public init(objects: Int) {
        var size: UInt64 = 64
        while size < UInt64(max(objects, 1)) { size <<= 1 }
        mask = size - 1
        unsafe bytes = .allocate(capacity: Int(size))
        for index in 0..<Int(size) { unsafe (bytes + index).initialize(to: Atomic(0)) }
    }

    /// Frees the memory; nobody may touch it any more.
    @unsafe public func deallocate() {
        unsafe bytes.deinitialize(count: Int(mask) + 1)
        unsafe bytes.deallocate()
    }

    /// Notes a hit: one relaxed load, and a relaxed store while the object is not known as busy.
    ///
    /// Two loops that note at once may count one hit; that does not matter.
    @inline(__always)
    public func touch(_ object: UInt64) {
        let byte = unsafe bytes + Int(truncatingIfNeeded: object & mask)
        let hits = unsafe byte.pointee.load(ordering: .relaxed)
        if hits < Self.limit { unsafe byte.pointee.store(hits &+ 1, ordering: .relaxed) }
    }

    /// Where an object's hits are noted, for whoever wants them at hand in time.
    @inline(__always)
    public func cell(_ object: UInt64) -> UnsafeRawPointer {
        unsafe UnsafeRawPointer(bytes + Int(truncatingIfNeeded: object & mask))
    }

    /// Whether the object was served since it was last looked at by eviction.
    public func isTouched(_ object: UInt64) -> Bool { hits(object) > 0 }

    func hits(_ object: UInt64) -> UInt8 {
        unsafe bytes[Int(truncatingIfNeeded: object & mask)].load(ordering: .relaxed)
    }

    func set(_ object: UInt64, to hits: UInt8) {
        unsafe bytes[Int(truncatingIfNeeded: object & mask)].store(hits, ordering: .relaxed)
    }
}
