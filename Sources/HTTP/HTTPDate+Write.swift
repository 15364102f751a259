extension HTTPDate {
    /// Writes a moment as IMF-fixdate into the first 29 bytes of `memory`, which has that many.
    ///
    /// Moments outside the years 0 to 9999 are moved to the nearer end.
    public static func write(_ epochSeconds: Int64, into memory: UnsafeMutableRawBufferPointer) {
        precondition(memory.count >= byteCount, "a date needs 29 bytes")
        let seconds = min(max(epochSeconds, -62_167_219_200), 253_402_300_799)
        var day = seconds / 86_400
        var second = Int(seconds % 86_400)
        if second < 0 {
            day -= 1
            second += 86_400
        }
        let date = civil(epochDay: day)
        // 1970-01-01 was a Thursday.
        let weekday = Int(((day + 4) % 7 + 7) % 7)
        unsafe copy("SunMonTueWedThuFriSat", weekday, to: memory, 0)
        unsafe copy(", ", to: memory, 3)
        unsafe pair(date.day, to: memory, 5)
        unsafe memory[7] = 0x20
        unsafe copy("JanFebMarAprMayJunJulAugSepOctNovDec", date.month - 1, to: memory, 8)
        unsafe memory[11] = 0x20
        unsafe pair(date.year / 100, to: memory, 12)
        unsafe pair(date.year % 100, to: memory, 14)
        unsafe memory[16] = 0x20
        unsafe pair(second / 3_600, to: memory, 17)
        unsafe memory[19] = UInt8(ascii: ":")
        unsafe pair(second / 60 % 60, to: memory, 20)
        unsafe memory[22] = UInt8(ascii: ":")
        unsafe pair(second % 60, to: memory, 23)
        unsafe copy(" GMT", to: memory, 25)
    }

    /// The three letters with the given number.
    private static func copy(
        _ names: StaticString, _ index: Int, to memory: UnsafeMutableRawBufferPointer, _ at: Int
    ) {
        for offset in 0..<3 { unsafe memory[at + offset] = names.byte(index * 3 + offset) }
    }

    private static func copy(
        _ text: StaticString, to memory: UnsafeMutableRawBufferPointer, _ at: Int
    ) {
        for offset in 0..<text.utf8CodeUnitCount {
            unsafe memory[at + offset] = text.byte(offset)
        }
    }

    private static func pair(_ number: Int, to memory: UnsafeMutableRawBufferPointer, _ at: Int) {
        unsafe memory[at] = UInt8(number / 10) + 0x30
        unsafe memory[at + 1] = UInt8(number % 10) + 0x30
    }
}
