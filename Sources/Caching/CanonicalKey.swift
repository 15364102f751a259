public import HTTP

/// Writes what identifies a response, part by part, into memory of the caller.
///
/// Each part is a tag byte, its length in two bytes and its bytes, so that no content of one part
/// can pass for the beginning of another. Nothing is written past the end; a key that does not
/// fit is marked `overflowed` and must not be used.
@safe  // `room` keeps every write inside; `init` has to trust the caller
public struct CanonicalKey {
    /// What a part is. The raw values are in stored records: they may be added to, not changed.
    public enum Part: UInt8, Sendable {
        /// `GET` for both GET and HEAD, or the method's name.
        case methodClass = 1
        /// The scheme in which the origin is told that the viewer came; the part is missing where
        /// that is http, and where it is no part of the key.
        case scheme = 2
        /// Host in small letters, without the default port.
        case host = 3
        /// Path as sent.
        case path = 4
        /// Query as sent; the part is missing when there is no `?`.
        case query = 5
        /// A request field that the behavior keys by: name, then value as the next part.
        case fieldName = 6
        case fieldValue = 7
        /// A cookie that the behavior keys by: name, then value as the next part.
        case cookieName = 8
        case cookieValue = 9
        /// The normal form of a map request, in place of path and query.
        case mapRequest = 10
        /// Identity of the behavior's key policy.
        case behavior = 11
        /// A selecting field's name (RFC 9111 §4.1), then its normalised value, if it is there.
        case variantName = 12
        case variantValue = 13
        /// The content coding that was negotiated.
        case coding = 14
        /// Which of the site's languages the page is in.
        case language = 15
        /// The site whose script asks (Origin).
        case origin = 16
        /// A script asks, which servers may give a part of the page (X-Requested-With).
        case script = 17
    }

    /// Longest part, in bytes.
    public static var partLimit: Int { 65_535 }

    /// What stands before a part's bytes: its tag and its length.
    public static var partHead: Int { 3 }

    let memory: UnsafeMutableRawBufferPointer
    /// Bytes written.
    public internal(set) var count = 0
    /// A part did not fit; what was written before it stays.
    public internal(set) var overflowed = false

    /// Begins a key in `memory`, which must outlive it.
    public init(_ memory: UnsafeMutableRawBufferPointer) {
        unsafe self.memory = memory
    }

    /// The key so far, valid as long as the memory is.
    public var bytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    /// Appends a part as it is.
    public mutating func append(_ part: Part, _ value: RawSpan) {
        let start = open(part)
        extend(value)
        close(from: start)
    }

    /// Appends a part with A–Z made small.
    public mutating func append(lowercasing part: Part, _ value: RawSpan) {
        let start = open(part)
        extend(lowercasing: value)
        close(from: start)
    }

    /// Appends a part of one byte.
    public mutating func append(_ part: Part, byte: UInt8) {
        let start = open(part)
        extend(byte)
        close(from: start)
    }

    /// Appends a host: small letters, without the port when that is `defaultPort`.
    public mutating func append(host: RawSpan, defaultPort: StaticString = "80") {
        append(lowercasing: .host, host.extracting(0..<Self.hostEnd(host, defaultPort)))
    }

    /// Method class, host, path and query of a request, as they are when nothing else is said.
    public mutating func append(_ head: borrowing RequestHead, bytes: RawSpan) {
        switch head.method {
        case .get, .head: append(.methodClass, byte: UInt8(ascii: "G"))
        default: append(.methodClass, bytes.extracting(head.methodName.range))
        }
        append(host: bytes.extracting(head.authority.range))
        append(.path, bytes.extracting(head.path.range))
        if head.hasQuery, !head.query.isEmpty { append(.query, bytes.extracting(head.query.range)) }
    }

    /// Takes everything behind `count` back, as when a variant's parts are replaced.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "a key cannot grow by truncation")
        self.count = count
        overflowed = false
    }

    /// Where the host ends when the default port behind it is left out.
    static func hostEnd(_ host: RawSpan, _ port: StaticString) -> Int {
        let length = port.utf8CodeUnitCount
        let end = host.byteCount - length - 1
        guard end >= 0, host[end] == UInt8(ascii: ":") else {
            let hasEmptyPort = host.byteCount > 0 && host[host.byteCount - 1] == UInt8(ascii: ":")
            return hasEmptyPort ? host.byteCount - 1 : host.byteCount
        }
        for offset in 0..<length where unsafe host[end + 1 + offset] != port.utf8Start[offset] {
            return host.byteCount
        }
        return end
    }

    /// The key cannot be formed: it must not be used.
    public mutating func spoil() { overflowed = true }
}

// A part written in pieces: opened, extended, closed.
extension CanonicalKey {
    /// Begins a part; its length is filled in by `close`.
    mutating func open(_ part: Part) -> Int {
        if let at = room(Self.partHead) { unsafe memory[at] = part.rawValue }
        return count
    }

    mutating func extend(_ byte: UInt8) {
        if let at = room(1) { unsafe memory[at] = byte }
    }

    mutating func extend(_ bytes: RawSpan) {
        guard let at = room(bytes.byteCount) else { return }
        unsafe bytes.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory[at..<at + source.count])
                .copyMemory(from: source)
        }
    }

    mutating func extend(lowercasing bytes: RawSpan) {
        guard let at = room(bytes.byteCount) else { return }
        let count = bytes.byteCount
        guard count >= 8 else {
            for offset in 0..<count { unsafe memory[at + offset] = lowercased(bytes[offset]) }
            return
        }
        // Eight bytes in a step; the last eight are perhaps written twice.
        var offset = 0
        while true {
            unsafe memory.storeBytes(
                of: lowercased(eight: bytes.word(at: offset)).littleEndian,
                toByteOffset: at &+ offset, as: UInt64.self)
            if offset == count &- 8 { return }
            offset = min(offset &+ 8, count &- 8)
        }
    }

    /// Ends the part whose bytes began at `start`.
    mutating func close(from start: Int) {
        guard !overflowed else { return }
        let length = count - start
        guard length <= Self.partLimit else { return spoil() }
        unsafe memory.storeBytes(
            of: UInt16(truncatingIfNeeded: length).littleEndian, toByteOffset: start - 2,
            as: UInt16.self)
    }

    /// Takes the next bytes; nil, and the key is spoilt, when there are not so many.
    private mutating func room(_ length: Int) -> Int? {
        guard !overflowed, unsafe memory.count - count >= length else {
            overflowed = true
            return nil
        }
        let at = count
        count += length
        return at
    }
}
