import Glibc

/// Bytes on their way through a gathered list, part by part.
@safe
struct PartWalk {
    private let parts: UnsafeBufferPointer<iovec>
    private let count: Int
    private var index = 0
    private var offset = 0

    init(_ parts: UnsafeBufferPointer<iovec>) {
        unsafe self.parts = parts
        count = parts.count
        skipEmpty()
    }

    var isAtEnd: Bool { index == count }

    /// What is left of the present part; not to be asked at the end.
    var rest: UnsafeRawBufferPointer {
        let part = unsafe parts[index]
        return unsafe UnsafeRawBufferPointer(
            start: UnsafeRawPointer(part.iov_base)?.advanced(by: offset),
            count: part.iov_len - offset)
    }

    /// Whether the present part is the last that holds anything.
    var isLast: Bool {
        var next = index + 1
        while next < count {
            let length = unsafe parts[next].iov_len
            if length > 0 { return false }
            next += 1
        }
        return true
    }

    /// Passes over `count` bytes, at most what is left.
    mutating func advance(_ count: Int) {
        var count = count
        while count > 0, !isAtEnd {
            let step = unsafe min(count, rest.count)
            offset += step
            count -= step
            skipEmpty()
        }
    }

    private mutating func skipEmpty() {
        while index < count {
            let length = unsafe parts[index].iov_len
            guard length == offset else { return }
            index += 1
            offset = 0
        }
    }

    /// How many bytes are left in all.
    var remaining: Int {
        var sum = -offset
        for part in index..<count { unsafe sum += parts[part].iov_len }
        return max(0, sum)
    }
}
