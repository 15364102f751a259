import HTTP

/// Finds credentials in a query: such a request is a session's, and nobody else gets its answer.
enum Credentials {
    /// Whether a parameter is one of `SecretParameter.credentials`, in any case, encoded or not, or
    /// its value is a URL that has such a one.
    ///
    /// About a nanosecond for each byte; on the hit path of all behaviors with a class.
    @inline(__always)
    static func areIn(_ query: UnsafeRawBufferPointer) -> Bool {
        var isStart = true
        for index in 0..<query.count {
            let byte = unsafe query[index]
            if isStart, mayBegin(byte), unsafe begins(query, index) { return true }
            isStart = byte == 38
        }
        return unsafe NestedCredential.isIn(query)
    }

    /// Whether a name of them begins so; most parameters of maps and searches do not.
    @inline(__always)
    private static func mayBegin(_ byte: UInt8) -> Bool {
        if byte == 37 { return true }
        let letter = byte | 0x20
        guard letter >= 97, letter <= 122 else { return false }
        return letters & 1 << UInt32(letter - 97) != 0
    }

    /// a, b, c, i, j, o, p, r, s, t.
    private static let letters: UInt32 = 0xE_C307

    @inline(never)
    private static func begins(_ query: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        var end = start
        while end < query.count, unsafe query[end] != 61 {
            if unsafe query[end] == 38 { return false }
            end += 1
        }
        guard end < query.count, end > start else { return false }
        return SecretParameter.isCredential(unsafe query.bytes.extracting(start..<end))
    }
}

extension Credentials {
    /// A path and a query as they may be written down (law 6). Allocates, so beside the hit path.
    ///
    /// Of a query the parameters are left out that say who asks, and the whole where nothing else
    /// is in it; of a path's parameters their values.
    static func leftOut(
        ofPath path: [UInt8], query: [UInt8]?
    ) -> (path: [UInt8], query: [UInt8]?) {
        var kept: [UInt8] = []
        unsafe path.withUnsafeBytes {
            var url = unsafe LoggedURL(path: $0)
            while let piece = url.next() {
                if !piece.isHidden { unsafe kept += piece.run }
            }
        }
        guard let query else { return (kept, nil) }
        let parameters = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        let rest = parameters.filter { parameter in
            unsafe Array(parameter).withUnsafeBytes { unsafe !areIn($0) }
        }
        if rest.count == parameters.count { return (kept, query) }
        return (kept, rest.isEmpty ? nil : Array(rest.joined(separator: [UInt8(ascii: "&")])))
    }
}
