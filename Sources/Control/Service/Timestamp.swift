import Glibc

/// `2026-11-23T18:44:37.123Z` (RFC 3339).
///
/// - Parameter milliseconds: since 1970-01-01 00:00 UTC, not before.
func timestampText(_ milliseconds: Int64) -> String {
    var seconds = time_t(milliseconds / 1_000)
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let fraction = 1_000 + milliseconds % 1_000
    return unsafe "\(parts.tm_year + 1_900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
        + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        + ".\("\(fraction)".dropFirst())Z"
}

/// The same of a time as AWS's clients print it: with `Z` or `+00:00`, and a fraction of any
/// length, of which milliseconds count.
func milliseconds(ofPrinted text: String) -> Int64? {
    guard text.hasSuffix("Z") || text.hasSuffix("+00:00") else { return nil }
    let parts = text.dropLast(text.hasSuffix("Z") ? 1 : 6)
        .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = ((parts.count == 2 ? parts[1] : "") + "000").prefix(3)
    return milliseconds(ofTimestamp: "\(parts[0]).\(fraction)Z")
}

/// Milliseconds since 1970 of a time in UTC as RFC 3339 writes it, `2026-11-23T18:44:37Z` or with
/// three digits of a fraction; nil for everything else.
func milliseconds(ofTimestamp text: String) -> Int64? {
    let whole = text.utf8.count == 20 ? text.dropLast() + ".000Z" : text[...]
    let bytes = Array(whole.utf8)
    guard bytes.count == 24 else { return nil }
    func number(_ range: Range<Int>) -> Int32? {
        Int32(String(decoding: bytes[range], as: UTF8.self))
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
        let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
        let fraction = number(20..<23)
    else { return nil }
    var parts = unsafe tm()
    unsafe parts.tm_year = year - 1_900
    unsafe parts.tm_mon = month - 1
    unsafe parts.tm_mday = day
    unsafe parts.tm_hour = hour
    unsafe parts.tm_min = minute
    unsafe parts.tm_sec = second
    let time = unsafe Int64(timegm(&parts)) * 1_000 + Int64(fraction)
    // The calendar carries a 30th of February over: what it would write otherwise is no date.
    return time >= 0 && timestampText(time) == whole ? time : nil
}
