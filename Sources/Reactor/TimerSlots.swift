/// One timer, linked with the others of its slot.
struct TimerNode {
    var token: Token
    var deadline: UInt64
    var next: UInt32
    var previous: UInt32
    var generation: UInt32
    /// Wheel and slot that hold it: 64 × wheel + slot, or the list of those that are due.
    var list: UInt16
    var kind: UInt8

    static var noNode: UInt32 { .max }
    static var dueSlot: Int { 384 }
    static var dueList: UInt16 { 384 }
}

/// Where timers lie; ``TimerWheel`` says when they fire.
extension TimerWheel {
    static var tickShift: UInt64 { 23 }
    static var tickMax: UInt64 { 1 << 36 - 1 }

    /// The first tick that begins at or after `deadline`.
    func tick(of deadline: UInt64) -> UInt64 {
        guard deadline > start else { return 0 }
        return min((deadline - start - 1) >> Self.tickShift + 1, Self.tickMax)
    }

    /// The slot whose turn comes first, and when.
    ///
    /// A wheel's timers share all coarser digits with the present and lie ahead in their own digit,
    /// so the finest wheel that holds any is first, and in it the lowest slot.
    var nextTurn: (tick: UInt64, slot: Int)? {
        for wheel in 0..<6 where occupied[wheel] != 0 {
            let slot = occupied[wheel].trailingZeroBitCount
            let shift = UInt64(wheel * 6)
            let coarser = (elapsed >> (shift + 6)) << (shift + 6)
            return (coarser | UInt64(slot) << shift, wheel << 6 | slot)
        }
        return nil
    }

    /// Links a timer into the slot of its deadline, at the earliest in the next tick's.
    mutating func place(_ index: UInt32) {
        let tick = unsafe max(tick(of: nodes[Int(index)].deadline), elapsed + 1)
        let wheel = (63 - (tick ^ elapsed).leadingZeroBitCount) / 6
        let slot = Int(tick >> UInt64(wheel * 6)) & 63
        occupied[wheel] |= 1 << UInt64(slot)
        link(index, into: wheel << 6 | slot)
    }

    /// Empties a slot whose turn has come: into the due list, or into finer wheels.
    mutating func distribute(_ slot: Int) {
        var index = unsafe heads[slot]
        unsafe heads[slot] = TimerNode.noNode
        occupied[slot >> 6] &= ~(1 << UInt64(slot & 63))
        while index != TimerNode.noNode {
            let following = unsafe nodes[Int(index)].next
            if unsafe tick(of: nodes[Int(index)].deadline) <= elapsed {
                link(index, into: TimerNode.dueSlot)
            } else {
                place(index)
            }
            index = following
        }
    }

    mutating func link(_ index: UInt32, into slot: Int) {
        let head = unsafe heads[slot]
        unsafe nodes[Int(index)].next = head
        unsafe nodes[Int(index)].previous = TimerNode.noNode
        unsafe nodes[Int(index)].list = UInt16(truncatingIfNeeded: slot)
        if head != TimerNode.noNode { unsafe nodes[Int(head)].previous = index }
        unsafe heads[slot] = index
    }

    mutating func unlink(_ index: UInt32) {
        let node = unsafe nodes[Int(index)]
        if node.next != TimerNode.noNode {
            unsafe nodes[Int(node.next)].previous = node.previous
        }
        if node.previous != TimerNode.noNode {
            unsafe nodes[Int(node.previous)].next = node.next
            return
        }
        let slot = Int(node.list)
        unsafe heads[slot] = node.next
        if node.next == TimerNode.noNode, slot != TimerNode.dueSlot {
            occupied[slot >> 6] &= ~(1 << UInt64(slot & 63))
        }
    }

    mutating func takeNode() -> UInt32 {
        precondition(count < capacity, "more timers than the loop's owners can have")
        count += 1
        if firstFree != TimerNode.noNode {
            let index = firstFree
            firstFree = unsafe nodes[Int(index)].next
            return index
        }
        if touched == allocated { grow() }
        let fresh = TimerNode(
            token: Token(bits: 0), deadline: 0, next: TimerNode.noNode,
            previous: TimerNode.noNode, generation: 0, list: 0, kind: 0)
        unsafe nodes.advanced(by: Int(touched)).initialize(to: fresh)
        touched += 1
        return touched - 1
    }

    /// Puts a node on the free list; its next life has another generation.
    mutating func freeNode(_ index: UInt32) {
        unsafe nodes[Int(index)].generation &+= 1
        unsafe nodes[Int(index)].next = firstFree
        firstFree = index
        count -= 1
    }

    private mutating func grow() {
        let larger = UInt32(min(capacity, Int(allocated) * 2))
        let moved = UnsafeMutablePointer<TimerNode>.allocate(capacity: Int(larger))
        unsafe moved.moveInitialize(from: nodes, count: Int(touched))
        unsafe nodes.deallocate()
        unsafe nodes = moved
        allocated = larger
    }
}
