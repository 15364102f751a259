/// What the kernel hands back with an event: which slot it concerns, which life of that slot, and
/// what kind of thing lives there.
///
/// Packed into the 64 bits of an epoll event. A batch of events may still name a descriptor that
/// was closed earlier in the same batch; its generation no longer matches and the event is dropped.
public struct Token: Hashable, Sendable {
    /// Kind in the top 8 bits, generation in the next 24, slot in the low 32.
    public let bits: UInt64

    /// - Parameters:
    ///   - slot: index in the slab that owns the descriptor.
    ///   - generation: that slot's life; only the low 24 bits are kept.
    ///   - kind: chosen by the loop: which slab, or which single descriptor.
    @inlinable
    public init(slot: UInt32, generation: UInt32, kind: UInt8) {
        bits = UInt64(kind) << 56 | UInt64(generation & Slot.generationMask) << 32 | UInt64(slot)
    }

    @inlinable
    public init(_ slot: Slot, kind: UInt8) {
        self.init(slot: slot.index, generation: slot.generation, kind: kind)
    }

    /// From the bits that ``bits`` gave.
    @inlinable
    public init(bits: UInt64) {
        self.bits = bits
    }

    @inlinable
    public var slot: UInt32 { UInt32(truncatingIfNeeded: bits) }

    /// 24 bits.
    @inlinable
    public var generation: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) & Slot.generationMask }

    @inlinable
    public var kind: UInt8 { UInt8(truncatingIfNeeded: bits >> 56) }

    /// Slot and generation, to ask a slab whether that life still goes on.
    @inlinable
    public var life: Slot { Slot(index: slot, generation: generation) }
}

/// One life of one place in a slab.
///
/// Plain numbers: whoever keeps one keeps nothing alive, and a slot that was reused since is
/// recognised by its generation.
public struct Slot: Hashable, Sendable {
    public let index: UInt32
    /// 24 bits, so that a ``Token`` has room for it; wraps after 16,777,216 lives of one slot.
    public let generation: UInt32

    @usableFromInline static let generationMask: UInt32 = 0x00FF_FFFF

    @inlinable
    public init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation & Slot.generationMask
    }
}
