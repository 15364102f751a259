/// One header field line of a parsed head.
public struct HeaderField: Sendable {
    /// The name as it was written.
    public var name: ByteSlice
    /// The value without the white space around it; may be empty.
    public var value: ByteSlice
    /// What the name means here.
    public var known: KnownField

    /// The field at the given places of the head.
    @inlinable
    public init(name: ByteSlice, value: ByteSlice, known: KnownField) {
        self.name = name
        self.value = value
        self.known = known
    }
}

/// The field lines of a head in their order, at most 128 of them, and an index of the known ones.
///
/// A value: copies are independent. Its 1.3 KB of memory are allocated once, with `init`, and
/// reused by every parse into the same table; only a parse into a table that was copied and whose
/// copy still lives takes new memory. Looking things up touches no reference count. (An inline
/// array would be copied as a whole by each lookup: the compiler spills a borrowed struct before
/// it indexes into it.)
@safe  // indices are compared with `count`, and `memory` keeps the pointers alive
public struct HeaderTable: @unchecked Sendable {  // Shared memory is never written: `makeUnique`.
    /// The most lines a table can hold.
    @inlinable
    public static var capacity: Int { 128 }

    /// Number of field lines.
    public internal(set) var count = 0
    /// The known fields that occur, as a set of `KnownField.bit`.
    public internal(set) var presence: UInt64 = 0
    @usableFromInline var repeated: UInt64 = 0
    @usableFromInline var lines: UnsafeMutablePointer<HeaderField>
    @usableFromInline var firsts: UnsafeMutablePointer<UInt8>
    /// Held here, so that a parse finds it at hand.
    let names = KnownNames.all
    private var memory: HeaderMemory

    /// An empty table; allocates.
    public init() {
        memory = HeaderMemory()
        unsafe lines = memory.lines
        unsafe firsts = memory.firsts
    }

    /// The line at an index below `count`.
    @inlinable
    public subscript(index: Int) -> HeaderField {
        precondition(index >= 0 && index < count, "no such field line")
        return unsafe lines[index]
    }

    /// Whether a field of this name occurs. `other` is asked about like any name.
    @inlinable
    public func contains(_ field: KnownField) -> Bool { presence & field.bit != 0 }

    /// The index of the first line of this name, nil when there is none. O(1).
    @inlinable
    public func first(_ field: KnownField) -> Int? {
        presence & field.bit != 0 ? Int(unsafe firsts[Int(field.rawValue)]) : nil
    }

    /// The index of the next line of this name behind `index`, nil when there is none.
    ///
    /// O(1) for a name that occurs once, else linear in the number of lines.
    public func next(after index: Int, _ field: KnownField) -> Int? {
        guard repeated & field.bit != 0, index >= 0 else { return nil }
        var at = index + 1
        while at < count {
            if unsafe lines[at].known == field { return at }
            at += 1
        }
        return nil
    }

    /// Whether the field occurs on more than one line.
    @inlinable
    public func isRepeated(_ field: KnownField) -> Bool { repeated & field.bit != 0 }

    /// Adds a line behind the others. False, and nothing added, when the table is full.
    public mutating func append(_ line: HeaderField) -> Bool {
        makeUnique(keepsLines: true)
        return appendUnshared(line)
    }

    /// Empties the table.
    public mutating func removeAll() {
        makeUnique(keepsLines: false)
        count = 0
        presence = 0
        repeated = 0
    }

    /// Adds a line to a table that has been emptied and not copied since.
    @inline(__always)
    mutating func appendUnshared(_ line: HeaderField) -> Bool {
        guard count < Self.capacity else { return false }
        let bit = line.known.bit
        if presence & bit != 0 {
            repeated |= bit
        } else {
            presence |= bit
            unsafe firsts[Int(line.known.rawValue)] = UInt8(truncatingIfNeeded: count)
        }
        unsafe lines[count] = line
        count &+= 1
        return true
    }

    /// Whoever writes has the memory alone: a copy elsewhere, perhaps on another thread, keeps
    /// the old one.
    private mutating func makeUnique(keepsLines: Bool) {
        if isKnownUniquelyReferenced(&memory) { return }
        let fresh = HeaderMemory()
        if keepsLines {
            unsafe fresh.lines.update(from: lines, count: count)
            unsafe fresh.firsts.update(from: firsts, count: HeaderMemory.knownFieldCount)
        }
        memory = fresh
        unsafe lines = fresh.lines
        unsafe firsts = fresh.firsts
    }
}

/// The memory of a table and its copies, freed with the last of them.
@safe  // the pointers live as long as the object; who reads through them says so
private final class HeaderMemory {
    static var knownFieldCount: Int { 64 }

    let lines: UnsafeMutablePointer<HeaderField>
    let firsts: UnsafeMutablePointer<UInt8>

    init() {
        unsafe lines = .allocate(capacity: HeaderTable.capacity)
        unsafe lines.initialize(
            repeating: HeaderField(name: ByteSlice(), value: ByteSlice(), known: .other),
            count: HeaderTable.capacity)
        unsafe firsts = .allocate(capacity: Self.knownFieldCount)
        unsafe firsts.initialize(repeating: 0, count: Self.knownFieldCount)
    }

    deinit {
        unsafe lines.deallocate()
        unsafe firsts.deallocate()
    }
}
