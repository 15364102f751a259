/// The remainders that let sixteen bytes be taken in one step.
///
/// Table k holds, for each byte value, the checksum of that byte followed by k zero bytes.
@safe  // never freed, and every index is a byte's value in one of the sixteen tables
struct ChecksumTables: @unchecked Sendable {  // written once, before anybody can see it
    private let words: UnsafePointer<UInt32>

    static let shared = ChecksumTables()

    private static var polynomial: UInt32 { 0x82f6_3b78 }

    private init() {
        let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 16 * 256)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder >> 1 ^ (remainder & 1 == 0 ? 0 : Self.polynomial)
            }
            unsafe table[byte] = remainder
        }
        for index in 256..<16 * 256 {
            let before = unsafe table[index - 256]
            unsafe table[index] = before >> 8 ^ table[Int(before & 255)]
        }
        unsafe words = UnsafePointer(table)
    }

    /// The state after `bytes`.
    func advance(_ start: UInt32, over bytes: RawSpan) -> UInt32 {
        var state = start
        var at = 0
        while at &+ 16 <= bytes.byteCount {
            let first = bytes.word(at: at) ^ UInt64(state)
            let second = bytes.word(at: at &+ 8)
            state = eight(first, table: 8) ^ eight(second, table: 0)
            at &+= 16
        }
        while at < bytes.byteCount {
            state = state >> 8 ^ (unsafe words[Int((state ^ UInt32(bytes[at])) & 255)])
            at &+= 1
        }
        return state
    }

    /// Eight bytes, of which the last in memory is followed by `table` bytes of the same step.
    @inline(__always)
    private func eight(_ word: UInt64, table: Int) -> UInt32 {
        let base = unsafe words + table &* 256
        var sum = unsafe base[1_792 &+ Int(word & 255)] ^ base[1_536 &+ Int(word >> 8 & 255)]
        unsafe sum ^= base[1_280 &+ Int(word >> 16 & 255)] ^ base[1_024 &+ Int(word >> 24 & 255)]
        unsafe sum ^= base[768 &+ Int(word >> 32 & 255)] ^ base[512 &+ Int(word >> 40 & 255)]
        return unsafe sum ^ base[256 &+ Int(word >> 48 & 255)] ^ base[Int(word >> 56)]
    }
}
