import HTTP

/// A moment as a player names it in TIME: a month, milliseconds into it, and to which precision.
///
/// Players go on by months as well as by days, and months differ in length, so that both have to
/// be seen. 24 bytes, no references.
struct PlaybackInstant: Equatable {
    /// Counted from January of year 0, in the proleptic Gregorian calendar.
    private(set) var month: Int64
    /// Milliseconds from the month's beginning.
    private(set) var rest: Int64
    private(set) var precision: TimeInstant.Precision

    private static let day: Int64 = 86_400_000
    /// Beyond 100 million years moments have no common count of milliseconds, only of months.
    private static let monthsMax: Int64 = 12 * 100_000_000

    /// - Returns: nil for a moment that is told more exactly than to the millisecond.
    init?(_ instant: TimeInstant) {
        guard let rest = instant.millisecondsOfMonth else { return nil }
        (month, self.rest, precision) = (instant.monthCount, rest, instant.precision)
    }

    private init(month: Int64, rest: Int64, _ precision: TimeInstant.Precision) {
        (self.month, self.rest, self.precision) = (month, rest, precision)
    }

    /// How far another one of the same precision lies behind this one; nil where that cannot be
    /// told.
    func step(to other: PlaybackInstant) -> PlaybackStep? {
        guard precision == other.precision else { return nil }
        var step = PlaybackStep()
        if rest == other.rest { step.months = other.month - month }
        if let here = milliseconds, let there = other.milliseconds {
            step.milliseconds = there - here
        } else if rest != other.rest {
            return nil
        }
        return step
    }

    /// The moment one step further; nil where the calendar has none, such as the 31st of February.
    func advanced(by step: PlaybackStep) -> PlaybackInstant? {
        if step.isZero { return self }
        guard step.months == 0 else {
            let month = month + step.months
            let length = Self.days(before: month + 1) - Self.days(before: month)
            guard rest < length * Self.day else { return nil }
            return PlaybackInstant(month: month, rest: rest, precision)
        }
        guard let here = milliseconds else { return nil }
        let there = here + step.milliseconds
        let days = Self.floor(there, Self.day)
        let (month, dayOfMonth) = Self.month(ofDay: days)
        guard abs(month) <= Self.monthsMax else { return nil }
        return PlaybackInstant(
            month: month, rest: dayOfMonth * Self.day + there - days * Self.day, precision)
    }

    /// The same moment told as exactly as another one; nil where it would be another moment.
    func told(as other: PlaybackInstant) -> PlaybackInstant? {
        let unit: Int64 =
            switch other.precision {
            case .year, .month: .max
            case .day: Self.day
            case .hour: 3_600_000
            case .minute: 60_000
            case .second: 1_000
            case .fraction: 1
            }
        guard rest % unit == 0, other.precision != .year || month % 12 == 0 else { return nil }
        return PlaybackInstant(month: month, rest: rest, other.precision)
    }

    /// Whether it begins before another one, however exactly both are told.
    func precedes(_ other: PlaybackInstant) -> Bool {
        month == other.month ? rest < other.rest : month < other.month
    }

    /// Writes it as the normal form of a map request has it.
    func write(to writer: inout KeyWriter) {
        TimeInstant(
            month: month, milliseconds: rest, precision
        ).write(to: &writer)
    }

    // MARK: the calendar

    /// Since 1970; nil too far from it.
    private var milliseconds: Int64? {
        abs(month) <= Self.monthsMax ? Self.days(before: month) * Self.day + rest : nil
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }

    /// Days from 1970-01-01 to the first of a month, months counted from January of the year 0.
    private static func days(before month: Int64) -> Int64 {
        let year = floor(month, 12)
        return HTTPDate.epochDay(year: Int(year), month: Int(month - year * 12) + 1, day: 1)
    }

    /// The month in which a day since 1970-01-01 lies, and how many days of it are before that.
    private static func month(ofDay day: Int64) -> (month: Int64, day: Int64) {
        let date = HTTPDate.civil(epochDay: day)
        return (Int64(date.year * 12 + date.month - 1), Int64(date.day - 1))
    }
}

/// How far one frame lies from another: in whole months, where they are that, and in milliseconds.
struct PlaybackStep: Equatable {
    var months: Int64 = 0
    var milliseconds: Int64 = 0

    /// A player that is seen only now and then seems to take several steps at once.
    static let missedMax: Int64 = 3

    var isZero: Bool { months == 0 && milliseconds == 0 }

    /// 1: forwards, -1: backwards, 0: it stays.
    var direction: Int64 { (milliseconds == 0 ? months : milliseconds).signum() }

    /// The one step of which both this and the next one consist; nil where there is none.
    func common(with next: PlaybackStep) -> PlaybackStep? {
        if isZero || next.isZero { return isZero && next.isZero ? self : nil }
        let step = PlaybackStep(
            months: Self.common(months, next.months),
            milliseconds: Self.common(milliseconds, next.milliseconds))
        return step.isZero ? nil : step
    }

    /// 0: none.
    private static func common(_ one: Int64, _ other: Int64) -> Int64 {
        guard one != 0, other != 0, one.signum() == other.signum() else { return 0 }
        let (small, large) = abs(one) < abs(other) ? (one, other) : (other, one)
        return large % small == 0 && large / small <= missedMax ? small : 0
    }
}
