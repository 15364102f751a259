import CLMDB

/// A key of 8 or 16 bytes, kept on the stack.
///
/// Tables opened as `.integers` take 8-byte keys and keep them in numeric order; the others take
/// either and keep them in no order that means anything.
public struct Key: Hashable, Sendable {
    var first: UInt64
    var second: UInt64
    let size: Int

    /// A number, 8 bytes.
    @inline(__always)
    public init(_ number: UInt64) {
        first = number
        second = 0
        size = 8
    }

    /// A hash, 16 bytes.
    @inline(__always)
    public init(high: UInt64, low: UInt64) {
        first = high
        second = low
        size = 16
    }

    /// The halves of a 16-byte key that a cursor found.
    public var halves: (high: UInt64, low: UInt64) { (first, second) }

    /// The number of an 8-byte key.
    public var number: UInt64 { first }

    /// Reads a key that LMDB handed out; nil if it has another length than this library writes.
    init?(_ value: MDB_val) {
        guard let data = unsafe value.mv_data else { return nil }
        switch unsafe value.mv_size {
        case 8: self.init(unsafe data.loadUnaligned(as: UInt64.self))
        case 16:
            self.init(
                high: unsafe data.loadUnaligned(as: UInt64.self),
                low: unsafe data.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        default: return nil
        }
    }

    /// Lends the key in LMDB's form.
    @inline(__always)
    func withValue<Result>(_ body: (inout MDB_val) -> Result) -> Result {
        var words = (first, second)
        return unsafe withUnsafeMutableBytes(of: &words) { bytes in
            var value = unsafe MDB_val(mv_size: size, mv_data: bytes.baseAddress)
            return unsafe body(&value)
        }
    }
}

/// A table of an environment; valid as long as the environment is.
public struct Database: Hashable, Sendable {
    /// How a table's keys are compared.
    public enum Keys: Sendable {
        /// 8-byte numbers in numeric order.
        case integers
        /// Byte strings.
        case bytes
    }

    let handle: UInt32
}

extension UnsafeRawBufferPointer {
    /// The bytes of a value that LMDB handed out.
    @inline(__always)
    init(_ value: MDB_val) {
        unsafe self.init(start: value.mv_data, count: value.mv_size)
    }
}
