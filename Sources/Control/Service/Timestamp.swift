import Glibc

/// `2026-11-23T18:44:37.123Z` (RFC 3339).
///
/// - Parameter milliseconds: since 1970-01-01 00:00 UTC, not before.
func timestampText(_ milliseconds: Int64) -> String {
    var seconds = time_t(milliseconds / 1_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let fraction = 1_000 + milliseconds % 1_000
    return "\(parts.tm_year + 1_900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
        + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        + ".\("\(fraction)".dropFirst())Z"
}
