import Caching
import HTTP

/// How long a server asks to be left alone (RFC 9110 §10.2.3).
enum RetryAfter {
    /// The wait in milliseconds, in either form; nil for what is neither.
    ///
    /// - Parameter now: milliseconds since the epoch, against which a date counts; one in the past
    ///   is no wait.
    static func milliseconds(_ value: RawSpan, now: Milliseconds) -> Milliseconds? {
        guard value.byteCount > 0 else { return nil }
        var seconds: Int64 = 0
        var isNumber = true
        for offset in 0..<value.byteCount {
            let digit = unsafe value.unsafeLoad(fromByteOffset: offset, as: UInt8.self) &- 0x30
            guard digit < 10 else {
                isNumber = false
                break
            }
            // A year and a century are not told apart.
            seconds = min(seconds * 10 + Int64(digit), 1 << 32)
        }
        if isNumber { return Milliseconds.seconds(seconds) }
        guard let date = HTTPDate.parse(value, now: now / 1_000) else { return nil }
        return max(0, Milliseconds.seconds(date).adding(-now))
    }

    /// The field's value in whole seconds: never less than the wait, and one at least.
    static func seconds(_ wait: Milliseconds) -> Int { max(1, Int((wait.adding(999)) / 1_000)) }
}

extension FetchedHead {
    /// For how long its member asked to be left alone, in milliseconds: 429, or 503 with the
    /// field. nil: it did not.
    var asksToWait: Milliseconds? {
        guard head.status == 429 || head.status == 503,
            let index = head.fields.first(.retryAfter)
        else { return nil }
        return unsafe bytes.withUnsafeBytes {
            unsafe RetryAfter.milliseconds(
                $0.bytes.extracting(head.fields[index].value.range), now: receivedAt)
        }
    }
}
