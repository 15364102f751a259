import Glibc

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
