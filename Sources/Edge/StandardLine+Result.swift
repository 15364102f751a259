import Caching
import CloudFront
import Glibc
import HTTP

// What became of a request, in the log's words. Source: CloudFront, "Standard log file fields".
extension StandardLine {
    /// CloudFront's own words begin with a capital, and are one: they stand where a response
    /// failed. What is wrong with a head is told in a sentence.
    private static func failure(_ outcome: Outcome) -> StaticString? {
        let text = unsafe UnsafeRawBufferPointer(
            start: outcome.detail.utf8Start, count: outcome.detail.utf8CodeUnitCount)
        guard let first = unsafe text.first, (65...90).contains(first), unsafe !text.contains(32)
        else { return nil }
        return outcome.detail
    }

    /// After the last byte.
    static func resultType(_ outcome: Outcome) -> StaticString {
        let hasFailed = failure(outcome) != nil && !outcome.result.isError
        return hasFailed ? "Error" : outcome.result.word
    }

    /// Just before the first byte; the viewer may have left since.
    static func responseResultType(_ outcome: Outcome) -> StaticString {
        outcome.status == 0 ? resultType(outcome) : outcome.result.word
    }

    /// `isKnown` is false where the request could not be understood.
    static func detailedResultType(_ outcome: Outcome, isKnown: Bool) -> StaticString {
        if let failure = failure(outcome) { return failure }
        guard outcome.result == .error else { return outcome.result.word }
        func isFor(_ detail: StaticString) -> Bool { matches(outcome.detail, detail) }
        if isFor("country-blocked") { return "ClientGeoBlocked" }
        if isFor("method-not-allowed") || isFor("method-not-supported") {
            return "InvalidRequestMethod"
        }
        if isFor("body-not-supported") { return "InvalidRequest" }
        if isFor("request-cut-short") { return "ClientHungUpRequest" }
        if isKnown { return "Error" }
        let isAboutField = HeadRejection.allCases.contains {
            $0.isAboutField && matches($0.reason, outcome.detail)
        }
        if isAboutField { return "InvalidRequestHeader" }
        switch outcome.status {
        case 400: return "InvalidRequest"
        // Of heads that are not taken only a method has these.
        case 403, 405: return "InvalidRequestMethod"
        default: return "Error"
        }
    }

    private static func matches(_ text: StaticString, _ other: StaticString) -> Bool {
        unsafe text.utf8CodeUnitCount == other.utf8CodeUnitCount
            && memcmp(text.utf8Start, other.utf8Start, other.utf8CodeUnitCount) == 0
    }
}

/// The fields of a response's head, as it was sent, that the log tells of; empty where absent.
@safe  // lives within the call that lends the bytes
struct SentFields {
    private(set) var type = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var length = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var rangeStart = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var rangeEnd = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ head: UnsafeRawBufferPointer) {
        var rest = unsafe head
        while let base = rest.baseAddress, let end = unsafe memchr(base, 10, rest.count) {
            let count = unsafe base.distance(to: end)
            unsafe look(at: UnsafeRawBufferPointer(start: base, count: count))
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest[(count + 1)...])
        }
    }

    private mutating func look(at line: UnsafeRawBufferPointer) {
        // Few lines begin with a c.
        guard let first = unsafe line.first, first | 0x20 == 99 else { return }
        if let value = unsafe Self.value(line, "content-type:") {
            unsafe type = unsafe value
        } else if let value = unsafe Self.value(line, "content-length:") {
            unsafe length = unsafe value
        } else if let value = unsafe Self.value(line, "content-range:") {
            unsafe readRange(value)
        }
    }

    private static func value(
        _ line: UnsafeRawBufferPointer, _ name: StaticString
    ) -> UnsafeRawBufferPointer? {
        let count = name.utf8CodeUnitCount
        guard line.count > count,
            unsafe equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: line[..<count]).bytes, name)
        else { return nil }
        var (from, to) = (count, line.count)
        while from < to, unsafe line[from] == 32 || line[from] == 9 { from += 1 }
        while to > from, unsafe line[to - 1] <= 32 { to -= 1 }
        return unsafe UnsafeRawBufferPointer(rebasing: line[from..<to])
    }

    /// `bytes 0-499/1234`; an unsatisfied `bytes */1234` has no parts (RFC 9110 §14.4).
    private mutating func readRange(_ value: UnsafeRawBufferPointer) {
        guard let space = unsafe value.firstIndex(of: 32),
            let slash = unsafe value.firstIndex(of: 47),
            space < slash, let dash = unsafe value[space..<slash].firstIndex(of: 45)
        else { return }
        unsafe rangeStart = unsafe UnsafeRawBufferPointer(rebasing: value[(space + 1)..<dash])
        unsafe rangeEnd = unsafe UnsafeRawBufferPointer(rebasing: value[(dash + 1)..<slash])
    }
}
