/// Names one armed timer; plain numbers, worthless once it fired or was cancelled.
public struct TimerHandle: Hashable, Sendable {
    let index: UInt32
    let generation: UInt32

    /// Names no timer: cancelling it does nothing.
    public static var none: TimerHandle { TimerHandle(index: .max, generation: 0) }
}

/// A timer that is due: whom it concerns, and which of the owner's timers it was.
public struct ExpiredTimer: Hashable, Sendable {
    public let token: Token
    public let kind: UInt8
}

/// The timers of one loop, at 2^23 ns (8.4 ms) a tick.
///
/// Arm, cancel and rearm are O(1) and allocate nothing once the wheel has grown; a timer takes
/// 32 bytes. A timer never fires early, and late by less than a tick. The clock is the caller's:
/// monotonic nanoseconds.
///
/// Six wheels of 64 slots, one for each six-bit digit of a tick. A timer lies in the wheel of the
/// highest digit in which its tick differs from the present; when the present reaches that digit,
/// the slot's timers move to finer wheels or fall due.
@safe
public struct TimerWheel: ~Copyable {
    /// How many timers are armed.
    public internal(set) var count = 0
    /// How many may be armed at once.
    public let capacity: Int

    /// Memory that one armed timer takes, for budgets.
    public static var bytesPerTimer: Int { MemoryLayout<TimerNode>.stride }

    let start: UInt64
    /// Every tick up to this one has been dealt with.
    var elapsed: UInt64 = 0
    var nodes: UnsafeMutablePointer<TimerNode>
    var allocated: UInt32
    var touched: UInt32 = 0
    var firstFree = TimerNode.noNode
    /// First timer of each slot, wheel by wheel; last, of those that are due. Not in the struct
    /// itself, which would then be 1.6 KB that some calls copy.
    let heads: UnsafeMutablePointer<UInt32>
    /// For each wheel, a bit for each slot that holds a timer.
    var occupied = InlineArray<6, UInt64>(repeating: 0)

    /// - Parameters:
    ///   - start: the present; the wheel's range ends 18 years later.
    ///   - capacity: the most timers armed at once. Each owner has a fixed number of them, so that
    ///     more is our own bug, and traps.
    public init(start: UInt64, capacity: Int) {
        precondition(capacity > 0 && capacity < 1 << 31, "a wheel holds 1 to 2^31 - 1 timers")
        self.start = start
        self.capacity = capacity
        allocated = UInt32(min(capacity, 64))
        unsafe nodes = .allocate(capacity: Int(allocated))
        unsafe heads = .allocate(capacity: TimerNode.dueSlot + 1)
        unsafe heads.initialize(repeating: TimerNode.noNode, count: TimerNode.dueSlot + 1)
    }

    deinit {
        unsafe heads.deallocate()
        unsafe nodes.deallocate()
    }

    /// Arms a timer.
    ///
    /// - Parameters:
    ///   - token: handed back when it fires.
    ///   - kind: likewise.
    ///   - deadline: monotonic nanoseconds; one that has passed fires at the next tick.
    public mutating func arm(_ token: Token, kind: UInt8, deadline: UInt64) -> TimerHandle {
        let index = takeNode()
        unsafe nodes[Int(index)].token = token
        unsafe nodes[Int(index)].kind = kind
        unsafe nodes[Int(index)].deadline = deadline
        place(index)
        return unsafe TimerHandle(index: index, generation: nodes[Int(index)].generation)
    }

    /// Whether the timer has neither fired nor been cancelled.
    public func isArmed(_ timer: TimerHandle) -> Bool {
        timer.index < touched && (unsafe nodes[Int(timer.index)].generation == timer.generation)
    }

    /// Moves a timer's deadline. To a later one costs a single store: its slot's turn finds out.
    ///
    /// - Returns: false if it has fired or was cancelled; arm anew.
    @discardableResult
    public mutating func rearm(_ timer: TimerHandle, deadline: UInt64) -> Bool {
        guard isArmed(timer) else { return false }
        let index = Int(timer.index)
        let isLater = unsafe deadline >= nodes[index].deadline
        unsafe nodes[index].deadline = deadline
        if isLater, unsafe nodes[index].list != TimerNode.dueList { return true }
        unlink(timer.index)
        place(timer.index)
        return true
    }

    /// Forgets a timer. One that has fired, or was cancelled before, is no mistake.
    public mutating func cancel(_ timer: TimerHandle) {
        guard isArmed(timer) else { return }
        unlink(timer.index)
        freeNode(timer.index)
    }

    /// The next timer that is due, which is then no longer armed; to be called until nil.
    ///
    /// Timers may be armed, moved and cancelled between two calls.
    /// - Parameter now: monotonic nanoseconds, never before an earlier call's.
    public mutating func expire(now: UInt64) -> ExpiredTimer? {
        let present = now <= start ? 0 : min((now - start) >> Self.tickShift, Self.tickMax - 1)
        while unsafe heads[TimerNode.dueSlot] == TimerNode.noNode {
            guard let turn = nextTurn, turn.tick <= present else {
                elapsed = max(elapsed, present)
                return nil
            }
            elapsed = turn.tick
            distribute(turn.slot)
        }
        let index = unsafe heads[TimerNode.dueSlot]
        unlink(index)
        let node = unsafe nodes[Int(index)]
        freeNode(index)
        return ExpiredTimer(token: node.token, kind: node.kind)
    }

    /// When ``expire(now:)`` next has work, in monotonic nanoseconds; nil if nothing is armed.
    ///
    /// Never later than the earliest timer, but it may be earlier: when a slot of a coarse wheel
    /// is to be spread, or where a timer was moved to a later deadline.
    public var nextDeadline: UInt64? {
        if unsafe heads[TimerNode.dueSlot] != TimerNode.noNode { return start }
        guard let turn = nextTurn else { return nil }
        return start + turn.tick << Self.tickShift
    }
}
