import Glibc

/// Memory for the plain text of one record: where small parts are gathered, and where what lies in
/// a mapped file is read to. One for each loop; holds no bytes between two calls, and no memory
/// before the first secured connection.
@safe
struct RecordStage: ~Copyable {
    /// The most that a record carries (RFC 8446 §5.1).
    static var capacity: Int { 16_384 }
    /// Gaps up to this size between two runs in a file are read along and dropped: one system call
    /// for the pages of a body, each with a header of its own, instead of one for each page.
    private static var gapMax: Int { 64 }

    private var memory: UnsafeMutableRawPointer?

    init() {}

    deinit {
        unsafe memory?.deallocate()
    }

    mutating func prepare() {
        guard unsafe memory == nil else { return }
        unsafe memory = .allocate(byteCount: Self.capacity + Self.gapMax, alignment: 64)
    }

    private var base: UnsafeMutableRawPointer {
        guard let memory = unsafe memory else { preconditionFailure("a stage not prepared") }
        return unsafe memory
    }

    /// What is sent again where OpenSSL has sealed it already, and looks at its length only.
    func placeholder(_ count: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: base, count: count)
    }

    /// The next record's bytes: the caller's own memory where a part fills a record or is the last,
    /// else gathered here. `walk` is not at its end, and not moved.
    ///
    /// - Returns: nil if a file cannot be read.
    borrowing func next(_ walk: PartWalk, _ map: MappedFile?) -> UnsafeRawBufferPointer? {
        let rest = unsafe walk.rest
        if rest.count >= Self.capacity || walk.isLast,
            map?.offset(of: rest.baseAddress) == nil
        {
            return unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(Self.capacity))
        }
        var walk = walk
        var count = 0
        while !walk.isAtEnd, count < Self.capacity {
            let part = unsafe walk.rest.prefix(Self.capacity - count)
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: part)
            if let map, let offset = map.offset(of: bytes.baseAddress) {
                guard let read = readRun(&walk, map, offset, at: count) else { return nil }
                count += read
            } else {
                unsafe (base + count).copyMemory(
                    from: bytes.baseAddress.unsafelyUnwrapped, byteCount: bytes.count)
                walk.advance(bytes.count)
                count += bytes.count
            }
        }
        return unsafe UnsafeRawBufferPointer(start: base, count: count)
    }

    /// Reads parts that follow each other in a file, in one call; returns how many bytes of them.
    private borrowing func readRun(
        _ walk: inout PartWalk, _ map: MappedFile, _ offset: Int, at start: Int
    ) -> Int? {
        var vectors = unsafe InlineArray<32, iovec>(repeating: iovec())
        var used = 0
        var count = 0
        var end = offset
        while !walk.isAtEnd, start + count < Self.capacity, used < 31 {
            let part = unsafe walk.rest
            guard let found = map.offset(of: part.baseAddress),
                (0...Self.gapMax).contains(found - end)
            else { break }
            let gap = found - end
            if gap > 0 {
                unsafe vectors[used] = unsafe iovec(iov_base: base + Self.capacity, iov_len: gap)
                used += 1
            }
            let taken = min(part.count, Self.capacity - start - count)
            unsafe vectors[used] = unsafe iovec(iov_base: base + start + count, iov_len: taken)
            used += 1
            count += taken
            end = found + taken
            walk.advance(taken)
        }
        let span = unsafe vectors.span
        let read = unsafe span.withUnsafeBufferPointer { list in
            retrying { unsafe preadv(map.descriptor, list.baseAddress, Int32(used), offset) }
        }
        return read == end - offset ? count : nil
    }
}
