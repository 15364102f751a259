import Caching
import Glibc
import HTTP
import Reactor

extension LoopState where N: ~Copyable {
    /// Whether the request is a session's, or somebody's page.
    @inline(__always)
    mutating func judgeReader(
        _ slot: UInt32, _ behavior: Int, _ bytes: UnsafeRawBufferPointer,
        _ facts: inout RequestFacts
    ) {
        if hot[behavior].traits.contains(.pages) {
            unsafe judgePage(slot, behavior, bytes, &facts)
            return
        }
        if head.fields.contains(.cookie) { facts.hasSession = unsafe hasSession(behavior, bytes) }
    }

    /// Whether a Cookie line carries one of the behavior's session cookies (law 6).
    func hasSession(_ behavior: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let names = unsafe hot[behavior].sessionCookies
        guard unsafe !names.isEmpty else { return false }
        var index = head.fields.first(.cookie)
        while let at = index {
            if unsafe SessionCookies.match(
                names, UnsafeRawBufferPointer(rebasing: bytes[head.fields[at].value.range]))
            {
                return true
            }
            index = head.fields.next(after: at, .cookie)
        }
        return false
    }
}

/// Finds session cookies by name; allocates nothing.
enum SessionCookies {
    /// `names`: each followed by a zero byte. Names are case-sensitive (RFC 6265).
    static func match(_ names: UnsafeRawBufferPointer, _ cookies: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        while start < cookies.count {
            while start < cookies.count, unsafe cookies[start] == 32 || cookies[start] == 59 {
                start += 1
            }
            var end = start
            while end < cookies.count, unsafe cookies[end] != 61, unsafe cookies[end] != 59 {
                end += 1
            }
            if end > start, unsafe contains(names, cookies, start..<end) { return true }
            while end < cookies.count, unsafe cookies[end] != 59 { end += 1 }
            start = end
        }
        return false
    }

    private static func contains(
        _ names: UnsafeRawBufferPointer, _ cookies: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> Bool {
        var start = 0
        while start < names.count {
            var end = start
            while unsafe names[end] != 0 { end += 1 }
            if end - start == range.count, let left = names.baseAddress,
                let right = cookies.baseAddress,
                unsafe memcmp(left + start, right + range.lowerBound, range.count) == 0
            {
                return true
            }
            start = end + 1
        }
        return false
    }
}
