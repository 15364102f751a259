import Caching
import LMDB

/// A record of the invalidation log: a checksum of its place and of what follows, and
/// that.
///
/// A bit that flips on the disk makes another path of a path, which reads as well as the first:
/// what was invalidated would be served again, and nobody would know.
enum InvalidationRecord {
    private static let sealBytes = 4

    /// Which table a record is of; the last is `LogWitness`.
    enum Table: UInt8 { case rules = 1, meta, pending, newest }

    static func sealed(_ table: Table, _ key: Key, _ content: [UInt8]) -> [UInt8] {
        littleEndian(seal(table, key, content)) + content
    }

    /// What a record says; nil: it is not as it was written under this key.
    static func content(
        _ table: Table, _ key: Key, _ record: UnsafeRawBufferPointer
    ) -> [UInt8]? {
        guard record.count >= sealBytes else { return nil }
        let content = unsafe [UInt8](record.dropFirst(sealBytes))
        let told = unsafe number([UInt8](record.prefix(sealBytes)))
        return told == UInt64(seal(table, key, content)) ? content : nil
    }

    static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// Of up to eight bytes, the lowest first.
    static func number(_ bytes: some Collection<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func seal(_ table: Table, _ key: Key, _ content: [UInt8]) -> UInt32 {
        let whole = [table.rawValue] + littleEndian(key.number) + content
        return unsafe Checksum.of(whole.span.bytes)
    }
}

/// A rule as it stands in the log, with what shows that none beside it is missing.
struct LoggedRule {
    /// The number that has rules before this one's; 0: none has.
    var previous: UInt64
    /// Rules of this number.
    var count: Int
    var rule: InvalidationRule

    private static let headBytes = 12

    init(_ rule: InvalidationRule, of count: Int, after previous: UInt64) {
        (self.rule, self.count, self.previous) = (rule, count, previous)
    }

    /// nil: it is not as it was written under this key.
    init?(_ key: Key, _ record: UnsafeRawBufferPointer) {
        guard let content = unsafe InvalidationRecord.content(.rules, key, record),
            content.count >= Self.headBytes,
            let rule = unsafe InvalidationRule(
                encoded: Array(content[Self.headBytes...]).span.bytes)
        else { return nil }
        previous = InvalidationRecord.number(content[..<8])
        count = Int(InvalidationRecord.number(content[8..<Self.headBytes]))
        self.rule = rule
    }

    func encoded(_ key: Key) -> [UInt8] {
        InvalidationRecord.sealed(
            .rules, key,
            InvalidationRecord.littleEndian(previous)
                + InvalidationRecord.littleEndian(UInt32(count)) + rule.encoded)
    }
}
