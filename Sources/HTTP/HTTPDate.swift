/// Dates as HTTP writes them (RFC 9110 §5.6.7), in seconds since 1970-01-01 00:00 UTC.
///
/// No time zone, no leap seconds, no calendar library: the proleptic Gregorian calendar from
/// year 0 to 9999.
public enum HTTPDate {
    /// Length of a date as it is written, in bytes.
    public static var byteCount: Int { 29 }

    /// The moment that `text` names in one of the three forms, nil for everything else.
    ///
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or
    /// `Sun Nov  6 08:49:37 1994`, in whatever case, as RFC 9111 §4.2 asks of caches; the day of
    /// the week must be the name of one, but need not be the right one. `now`, in the same seconds,
    /// decides the century of the second form: a date more than 50 years ahead means the one a
    /// century before.
    public static func parse(_ text: RawSpan, now: Int64) -> Int64? {
        guard text.byteCount >= 24, text.byteCount <= 33 else { return nil }
        if text.byte(3) == UInt8(ascii: ",") {
            return text.byteCount == byteCount ? DateReader.fixed(text) : nil
        }
        if text.byte(3) == 0x20 {
            return text.byteCount == 24 ? DateReader.asctime(text) : nil
        }
        // A day's full name has six to nine letters; the rest has a fixed length.
        return DateReader.obsolete(text, comma: text.byteCount - 24, now: now)
    }

    /// The day, counted from the epoch, of a date in the Gregorian calendar; month from 1.
    package static func epochDay(year: Int, month: Int, day: Int) -> Int64 {
        // Years are counted from March, so that the leap day is the last of its year.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    /// The year, month and day of a day counted from the epoch.
    package static func civil(epochDay: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(epochDay) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
