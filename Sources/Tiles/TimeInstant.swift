import HTTP

/// An ISO 8601 time as WMS writes it (OGC 06-042 Annex D): a year of any size, and as much of the
/// rest as is given.
///
/// How much is given is kept, because servers take `2005-08` for the whole month and
/// `2005-08-20T00Z` for an hour. GeoServer takes a value without a fraction for its whole second,
/// and one with a fraction for an instant: at the end of a range the two are told apart, even where
/// it is zero. It reads the digits of a fraction as a number of milliseconds (`SSS` of Java's
/// `SimpleDateFormat`), so that `.5` goes out as `.500`; more than three stay as they are.
struct TimeInstant: Equatable {
    enum Precision: UInt8 { case year, month, day, hour, minute, second, fraction }

    private(set) var precision = Precision.year
    private(set) var year = 0
    private var month = 1
    private var day = 1
    private var hour = 0
    private var minute = 0
    private var second = 0
    /// The digits behind the point, and how many: three at least.
    private var fraction = 0
    private var fractionDigits = 0

    /// Story time reaches back 290 million years; more digits than this are kept as written.
    private static let yearDigitsMax = 12

    /// Reads all of the text, spaces around it left out; nil for anything else and for dates that
    /// the calendar lacks.
    init?(_ text: QueryText, in bytes: RawSpan) {
        var scan = TextScan(text)
        scan.skipSpaces(bytes)
        let isNegative = scan.take(UInt8(ascii: "-"), bytes)
        if !isNegative { _ = scan.take(UInt8(ascii: "+"), bytes) }
        guard let (year, _) = scan.digits(1...Self.yearDigitsMax, bytes) else { return nil }
        self.year = isNegative ? -year : year
        guard readDate(&scan, bytes) else { return nil }
        if precision == .day, scan.take(UInt8(ascii: "T"), bytes) || scan.take(0x74, bytes) {
            guard readTime(&scan, bytes) else { return nil }
        }
        scan.skipSpaces(bytes)
        guard scan.isAtEnd else { return nil }
    }

    private mutating func readDate(_ scan: inout TextScan, _ bytes: RawSpan) -> Bool {
        guard scan.take(UInt8(ascii: "-"), bytes) else { return true }
        guard let (month, _) = scan.digits(2...2, bytes), 1...12 ~= month else { return false }
        (self.month, precision) = (month, .month)
        guard scan.take(UInt8(ascii: "-"), bytes) else { return true }
        guard let (day, _) = scan.digits(2...2, bytes), 1...Self.days(month, year) ~= day else {
            return false
        }
        (self.day, precision) = (day, .day)
        return true
    }

    private mutating func readTime(_ scan: inout TextScan, _ bytes: RawSpan) -> Bool {
        guard let (hour, _) = scan.digits(2...2, bytes), hour < 24 else { return false }
        (self.hour, precision) = (hour, .hour)
        if scan.take(UInt8(ascii: ":"), bytes) {
            guard let (minute, _) = scan.digits(2...2, bytes), minute < 60 else { return false }
            (self.minute, precision) = (minute, .minute)
            if scan.take(UInt8(ascii: ":"), bytes) {
                guard let (second, _) = scan.digits(2...2, bytes), second < 60 else {
                    return false
                }
                (self.second, precision) = (second, .second)
                if scan.take(UInt8(ascii: "."), bytes) {
                    guard let (fraction, count) = scan.digits(1...9, bytes) else { return false }
                    (self.fraction, fractionDigits) = (fraction, count)
                    precision = .fraction
                    while fractionDigits < 3 {
                        self.fraction *= 10
                        fractionDigits += 1
                    }
                }
            }
        }
        return readZone(&scan, bytes)
    }

    /// `Z`, an offset, or nothing, which servers take for UTC.
    private mutating func readZone(_ scan: inout TextScan, _ bytes: RawSpan) -> Bool {
        if scan.take(UInt8(ascii: "Z"), bytes) || scan.take(0x7A, bytes) || scan.isAtEnd {
            return true
        }
        let isWest = scan.take(UInt8(ascii: "-"), bytes)
        // A + that was not encoded arrives as a space.
        guard isWest || scan.take(UInt8(ascii: "+"), bytes) || scan.take(0x20, bytes),
            let (hours, _) = scan.digits(2...2, bytes), hours < 24
        else { return false }
        _ = scan.take(UInt8(ascii: ":"), bytes)
        let minutes = scan.digits(2...2, bytes)?.0 ?? 0
        guard minutes < 60, minutes == 0 || precision != .hour else { return false }
        let offset = hours * 60 + minutes
        shift(minutes: isWest ? offset : -offset)
        return true
    }

    private mutating func shift(minutes: Int) {
        var total = hour * 60 + minute + minutes
        if total < 0 {
            total += 1_440
            dayBefore()
        } else if total >= 1_440 {
            total -= 1_440
            dayAfter()
        }
        (hour, minute) = (total / 60, total % 60)
    }

    private mutating func dayBefore() {
        day -= 1
        guard day == 0 else { return }
        month -= 1
        if month == 0 { (month, year) = (12, year - 1) }
        day = Self.days(month, year)
    }

    private mutating func dayAfter() {
        day += 1
        guard day > Self.days(month, year) else { return }
        (day, month) = (1, month + 1)
        if month == 13 { (month, year) = (1, year + 1) }
    }

    /// In the proleptic Gregorian calendar with a year 0, as ISO 8601 has it.
    private static func days(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// A second as the instant at which it begins, `12:00:00Z` as `12:00:00.000Z`: by themselves
    /// the two are one time to whoever writes them.
    var momentOfSecond: TimeInstant {
        guard precision == .second else { return self }
        var moment = self
        (moment.precision, moment.fractionDigits) = (.fraction, 3)
        return moment
    }

    /// The first moment that it stands for, and the last: of `2005-08` the whole month.
    var bounds: (first: TimeSpan.Moment, last: TimeSpan.Moment) {
        func known(_ needed: Precision) -> Bool { precision.rawValue >= needed.rawValue }
        func moment(_ isLast: Bool) -> TimeSpan.Moment {
            var rest: UInt64 = 0
            func put(_ value: Int, _ needed: Precision, _ highest: Int, _ base: UInt64) {
                rest = rest * base + UInt64(known(needed) || !isLast ? value : highest)
            }
            put(month, .month, 12, 13)
            put(day, .day, 31, 32)
            put(hour, .hour, 23, 24)
            put(minute, .minute, 59, 60)
            put(second, .second, 59, 60)
            var unit: UInt64 = 1_000_000_000
            for _ in 0..<fractionDigits { unit /= 10 }
            let start = UInt64(fraction) * (known(.fraction) ? unit : 0)
            return TimeSpan.Moment(
                year: Int64(year), rest: rest * 1_000_000_000 + start + (isLast ? unit - 1 : 0))
        }
        return (moment(false), moment(true))
    }

    /// `-0044-03-15T12:00:00.500Z`.
    func write(to writer: inout KeyWriter) {
        if year < 0 { writer.byte(UInt8(ascii: "-")) }
        writer.padded(Int(year.magnitude), 4)
        func part(_ separator: UInt8, _ value: Int, _ needed: Precision) {
            guard precision.rawValue >= needed.rawValue else { return }
            writer.byte(separator)
            writer.padded(value, 2)
        }
        part(UInt8(ascii: "-"), month, .month)
        part(UInt8(ascii: "-"), day, .day)
        part(UInt8(ascii: "T"), hour, .hour)
        part(UInt8(ascii: ":"), minute, .minute)
        part(UInt8(ascii: ":"), second, .second)
        if precision == .fraction {
            writer.byte(UInt8(ascii: "."))
            writer.padded(fraction, fractionDigits)
        }
        if precision.rawValue >= Precision.hour.rawValue { writer.byte(UInt8(ascii: "Z")) }
    }
}

// The calendar's part of it apart from the rest, for whoever counts in months.
extension TimeInstant {
    /// The month, counted from January of year 0.
    var monthCount: Int64 { Int64(year) * 12 + Int64(month - 1) }

    /// Milliseconds into the month; nil where it is told more exactly.
    var millisecondsOfMonth: Int64? {
        guard fractionDigits <= 3 else { return nil }
        let seconds = (((day - 1) * 24 + hour) * 60 + minute) * 60 + second
        return Int64(seconds) * 1_000 + Int64(fraction)
    }

    /// The moment so many milliseconds into a month; they must lie in it.
    init(month count: Int64, milliseconds: Int64, _ precision: Precision) {
        let whole = Int(count)
        year = whole >= 0 ? whole / 12 : (whole - 11) / 12
        month = whole - year * 12 + 1
        let seconds = Int(milliseconds / 1_000)
        (day, hour) = (seconds / 86_400 + 1, seconds / 3_600 % 24)
        (minute, second) = (seconds / 60 % 60, seconds % 60)
        (fraction, fractionDigits) = (Int(milliseconds % 1_000), precision == .fraction ? 3 : 0)
        self.precision = precision
    }
}

/// Takes a text apart from the front.
struct TextScan {
    private var text: QueryText

    init(_ text: QueryText) { self.text = text }

    var isAtEnd: Bool { text.start >= text.end }

    mutating func take(_ byte: UInt8, _ bytes: RawSpan) -> Bool {
        guard text.start < text.end else { return false }
        let (value, width) = text.byte(at: text.start, in: bytes)
        guard value == byte else { return false }
        text.start += width
        return true
    }

    mutating func skipSpaces(_ bytes: RawSpan) { while take(0x20, bytes) {} }

    /// A run of digits and its length; nil, with nothing taken that counts, if the length is not
    /// in the range.
    mutating func digits(_ count: ClosedRange<Int>, _ bytes: RawSpan) -> (Int, Int)? {
        var number = 0
        var found = 0
        while text.start < text.end, found < count.upperBound {
            let (value, width) = text.byte(at: text.start, in: bytes)
            guard isDigit(value) else { break }
            number = number * 10 + Int(value &- 0x30)
            found += 1
            text.start += width
        }
        return found >= count.lowerBound ? (number, found) : nil
    }
}
