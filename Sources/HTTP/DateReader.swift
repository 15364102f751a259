/// Reads the parts of an HTTP date at their fixed places, once the caller has checked the length.
enum DateReader {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    static func fixed(_ text: RawSpan) -> Int64? {
        guard weekday(text) != nil, matches(text, 3, ", "), text.byte(7) == 0x20,
            text.byte(11) == 0x20, text.byte(16) == 0x20, matches(text, 25, " GMT"),
            let day = digits(text, 5, 2), let month = month(text, 8),
            let year = digits(text, 12, 4), let second = secondOfDay(text, 17)
        else { return nil }
        return moment(year, month, day, second)
    }

    /// `Sun Nov  6 08:49:37 1994`
    static func asctime(_ text: RawSpan) -> Int64? {
        guard weekday(text) != nil, text.byte(3) == 0x20, text.byte(7) == 0x20,
            text.byte(10) == 0x20, text.byte(19) == 0x20, let month = month(text, 4),
            let day = text.byte(8) == 0x20 ? digits(text, 9, 1) : digits(text, 8, 2),
            let second = secondOfDay(text, 11), let year = digits(text, 20, 4)
        else { return nil }
        return moment(year, month, day, second)
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`, with the comma at `comma`.
    static func obsolete(_ text: RawSpan, comma: Int, now: Int64) -> Int64? {
        let start = comma + 2
        guard hasLongWeekday(text, comma), matches(text, comma, ", "),
            text.byte(start + 2) == UInt8(ascii: "-"), text.byte(start + 6) == UInt8(ascii: "-"),
            text.byte(start + 9) == 0x20, matches(text, start + 18, " GMT"),
            let day = digits(text, start, 2), let month = month(text, start + 3),
            let shortYear = digits(text, start + 7, 2),
            let second = secondOfDay(text, start + 10)
        else { return nil }
        // The latest year with these digits that is not more than 50 mean years ahead.
        let earliest: Int64 = -62_167_219_200
        let today = min(max(now, earliest), 253_402_300_799)
        let thisYear = HTTPDate.civil(epochDay: (today - earliest) / 86_400 - 719_528).year
        var year = thisYear - thisYear % 100 + shortYear + 100
        while year >= 0 {
            if let candidate = moment(year, month, day, second),
                candidate - today <= 50 * 31_556_952
            {
                return candidate
            }
            year -= 100
        }
        return nil
    }

    /// The number of the day, Sunday first, that the first three letters name.
    private static func weekday(_ text: RawSpan) -> Int? {
        index(of: text, 0, in: "SunMonTueWedThuFriSat", count: 7)
    }

    private static func hasLongWeekday(_ text: RawSpan, _ count: Int) -> Bool {
        guard let day = weekday(text) else { return false }
        let rest: StaticString =
            switch day {
            case 2: "sday"
            case 3: "nesday"
            case 4: "rsday"
            case 6: "urday"
            default: "day"
            }
        return count == 3 + rest.utf8CodeUnitCount && matches(text, 3, rest)
    }

    /// The month, from 1.
    private static func month(_ text: RawSpan, _ at: Int) -> Int? {
        index(of: text, at, in: "JanFebMarAprMayJunJulAugSepOctNovDec", count: 12)
            .map { $0 + 1 }
    }

    /// `08:49:37`. A leap second counts as the one before it, so that it stays in its minute.
    private static func secondOfDay(_ text: RawSpan, _ at: Int) -> Int? {
        guard text.byte(at + 2) == UInt8(ascii: ":"), text.byte(at + 5) == UInt8(ascii: ":"),
            let hour = digits(text, at, 2), let minute = digits(text, at + 3, 2),
            let second = digits(text, at + 6, 2), hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3_600 + minute * 60 + min(second, 59)
    }

    private static func moment(_ year: Int, _ month: Int, _ day: Int, _ second: Int) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days =
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        guard day >= 1, day <= days else { return nil }
        return HTTPDate.epochDay(year: year, month: month, day: day) * 86_400 + Int64(second)
    }

    private static func digits(_ text: RawSpan, _ at: Int, _ count: Int) -> Int? {
        var number = 0
        for index in at..<(at + count) {
            guard isDigit(text.byte(index)) else { return nil }
            number = number * 10 + Int(text.byte(index) - 0x30)
        }
        return number
    }

    private static func index(
        of text: RawSpan, _ at: Int, in names: StaticString, count: Int
    ) -> Int? {
        for index in 0..<count
        where isSame(text.byte(at), names.byte(index * 3))
            && isSame(text.byte(at + 1), names.byte(index * 3 + 1))
            && isSame(text.byte(at + 2), names.byte(index * 3 + 2))
        {
            return index
        }
        return nil
    }

    private static func matches(_ text: RawSpan, _ at: Int, _ word: StaticString) -> Bool {
        for index in 0..<word.utf8CodeUnitCount
        where !isSame(text.byte(at + index), word.byte(index)) {
            return false
        }
        return true
    }

    /// The byte that is expected, or where that is a letter the same in the other case.
    private static func isSame(_ byte: UInt8, _ expected: UInt8) -> Bool {
        let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(expected | 0x20)
        return byte == expected || isLetter && byte ^ expected == 0x20
    }
}
