/// A fixed number of places for values that are made, changed in place and ended, each named by a
/// number and the count of its lives.
///
/// Memory comes in pages of 64 slots when first needed; an element never moves, and access neither
/// copies nor retains. Owned by one loop. Every operation but ``firstOccupied(from:)`` is O(1).
@safe
public struct Slab<Element: ~Copyable>: ~Copyable {
    /// How many elements may live at once.
    public let capacity: Int

    @usableFromInline let states: UnsafeMutablePointer<SlotState>
    @usableFromInline let pages: UnsafeMutablePointer<UnsafeMutablePointer<Element>?>
    /// Slots below this one have had a first life; the others are untouched memory.
    @usableFromInline var touched: UInt32 = 0
    @usableFromInline var occupied: UInt32 = 0
    @usableFromInline var firstFree = SlotState.noSlot

    /// - Parameter capacity: 1 to 2^31 - 1; each slot costs 8 bytes of address space at once.
    public init(capacity: Int) {
        precondition(capacity > 0 && capacity < 1 << 31, "a slab holds 1 to 2^31 - 1 slots")
        self.capacity = capacity
        unsafe states = .allocate(capacity: capacity)
        let pageCount = Self.pageCount(for: capacity)
        unsafe pages = .allocate(capacity: pageCount)
        unsafe pages.initialize(repeating: nil, count: pageCount)
    }

    deinit {
        for index in 0..<Int(touched) where unsafe states[index].isOccupied {
            unsafe pages[index >> 6].unsafelyUnwrapped
                .advanced(by: index & 63).deinitialize(count: 1)
        }
        for page in 0..<Self.pageCount(for: capacity) {
            unsafe pages[page]?.deallocate()
        }
        unsafe pages.deallocate()
        unsafe states.deallocate()
    }

    /// How many elements live.
    @inlinable
    public var count: Int { Int(occupied) }

    @inlinable
    public var isFull: Bool { count == capacity }

    /// Begins a life. The slot freed last is taken first, since its memory is warm.
    ///
    /// - Returns: nil if the slab is full; the element is then gone.
    @inlinable
    public mutating func insert(_ element: consuming Element) -> Slot? {
        var index = firstFree
        if index != SlotState.noSlot {
            firstFree = unsafe states[Int(index)].next
        } else {
            guard count < capacity else { return nil }
            index = touched
            touch(index)
        }
        unsafe state(of: index).pointee.occupy()
        occupied &+= 1
        unsafe address(of: index).initialize(to: element)
        return unsafe Slot(index: index, generation: states[Int(index)].generation)
    }

    /// Ends a life; the slot's generation moves on.
    ///
    /// - Parameter index: must be occupied.
    @inlinable @discardableResult
    public mutating func remove(_ index: UInt32) -> Element {
        requireOccupied(index)
        unsafe state(of: index).pointee.vacate(next: firstFree)
        firstFree = index
        occupied &-= 1
        return unsafe address(of: index).move()
    }

    /// Whether that life still goes on.
    @inlinable
    public func contains(_ slot: Slot) -> Bool {
        slot.index < touched && (unsafe states[Int(slot.index)].isLife(slot.generation))
    }

    /// Whether the life that `token` names still goes on; its kind is not looked at.
    @inlinable
    public func contains(_ token: Token) -> Bool {
        contains(token.life)
    }

    /// The element at `index`, in place.
    ///
    /// The slot must be occupied; that is checked. That it is still the same life is the caller's
    /// to know, from ``contains(_:)-(Token)``.
    @inlinable
    public subscript(index: UInt32) -> Element {
        unsafeAddress {
            requireOccupied(index)
            return unsafe UnsafePointer(address(of: index))
        }
        unsafeMutableAddress {
            requireOccupied(index)
            return unsafe address(of: index)
        }
    }

    /// The present life of an occupied slot.
    @inlinable
    public func life(of index: UInt32) -> Slot {
        requireOccupied(index)
        return unsafe Slot(index: index, generation: states[Int(index)].generation)
    }

    /// The first occupied slot at or after `index`, to walk all of them; O(slots passed over).
    public func firstOccupied(from index: UInt32) -> UInt32? {
        var index = index
        while index < touched {
            if unsafe states[Int(index)].isOccupied { return index }
            index += 1
        }
        return nil
    }

    @inlinable
    func address(of index: UInt32) -> UnsafeMutablePointer<Element> {
        unsafe pages[Int(index >> 6)].unsafelyUnwrapped.advanced(by: Int(index & 63))
    }

    @inlinable
    func state(of index: UInt32) -> UnsafeMutablePointer<SlotState> {
        unsafe states.advanced(by: Int(index))
    }

    @inlinable
    func requireOccupied(_ index: UInt32) {
        precondition(
            index < touched && (unsafe states[Int(index)].isOccupied), "vacant slot used")
    }

    @usableFromInline
    mutating func touch(_ index: UInt32) {
        if unsafe pages[Int(index >> 6)] == nil {
            unsafe pages[Int(index >> 6)] = .allocate(capacity: 64)
        }
        unsafe states.advanced(by: Int(index)).initialize(to: SlotState())
        touched = index + 1
    }

    private static func pageCount(for capacity: Int) -> Int { (capacity + 63) / 64 }
}

/// Life count and occupancy of one slot, and the link of the free list.
@usableFromInline
struct SlotState {
    /// Top bit: occupied. Low 24 bits: generation.
    @usableFromInline var bits: UInt32 = 0
    @usableFromInline var next = noSlot

    @usableFromInline static var noSlot: UInt32 { .max }
    @usableFromInline static var occupiedBit: UInt32 { 1 << 31 }

    @usableFromInline init() {}

    @inlinable var isOccupied: Bool { bits & SlotState.occupiedBit != 0 }
    @inlinable var generation: UInt32 { bits & Slot.generationMask }

    @inlinable
    func isLife(_ generation: UInt32) -> Bool { bits == generation | SlotState.occupiedBit }

    @inlinable
    mutating func occupy() { bits |= SlotState.occupiedBit }

    @inlinable
    mutating func vacate(next: UInt32) {
        bits = (bits &+ 1) & Slot.generationMask
        self.next = next
    }
}
