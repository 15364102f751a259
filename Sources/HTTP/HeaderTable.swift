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
/// Fixed size, 1.4 KB, no references: one table per loop serves all its heads. Emptying it costs
/// nothing, because slots beyond `count` are never read.
public struct HeaderTable: Sendable {
    /// The most lines a table can hold.
    @inlinable
    public static var capacity: Int { 128 }

    /// Number of field lines.
    public private(set) var count: Int
    /// The known fields that occur, as a set of `KnownField.bit`.
    public private(set) var presence: UInt64
    private var repeated: UInt64
    private var firsts: InlineArray<64, UInt8>
    private var lines: InlineArray<128, HeaderField>

    /// An empty table.
    public init() {
        count = 0
        presence = 0
        repeated = 0
        firsts = InlineArray(repeating: 0)
        lines = InlineArray(
            repeating: HeaderField(name: ByteSlice(), value: ByteSlice(), known: .other))
    }

    /// The line at an index below `count`.
    public subscript(index: Int) -> HeaderField {
        precondition(index >= 0 && index < count, "no such field line")
        return lines[index]
    }

    /// Whether a field of this name occurs. `other` is asked about like any name.
    public func contains(_ field: KnownField) -> Bool { presence & field.bit != 0 }

    /// The index of the first line of this name, nil when there is none. O(1).
    public func first(_ field: KnownField) -> Int? {
        presence & field.bit != 0 ? Int(firsts[Int(field.rawValue)]) : nil
    }

    /// The index of the next line of this name behind `index`, nil when there is none.
    ///
    /// O(1) for a name that occurs once, else linear in the number of lines.
    public func next(after index: Int, _ field: KnownField) -> Int? {
        guard repeated & field.bit != 0 else { return nil }
        var at = index + 1
        while at < count {
            if lines[at].known == field { return at }
            at += 1
        }
        return nil
    }

    /// Whether the field occurs on more than one line.
    public func isRepeated(_ field: KnownField) -> Bool { repeated & field.bit != 0 }

    /// Adds a line behind the others. False, and nothing added, when the table is full.
    public mutating func append(_ line: HeaderField) -> Bool {
        guard count < Self.capacity else { return false }
        let bit = line.known.bit
        if presence & bit != 0 {
            repeated |= bit
        } else {
            presence |= bit
            firsts[Int(line.known.rawValue)] = UInt8(truncatingIfNeeded: count)
        }
        lines[count] = line
        count &+= 1
        return true
    }

    /// Empties the table.
    public mutating func removeAll() {
        count = 0
        presence = 0
        repeated = 0
    }
}
