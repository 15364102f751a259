import Glibc

/// What the kernel holds in memory of a mapped file.
public enum Residency {
    /// Whether all pages of the bytes are in memory now, so that reading them waits for no disk.
    ///
    /// One system call for each 64 pages. The answer may be outdated at once, under memory
    /// pressure. Where the kernel does not tell (a sandbox that forbids `mincore`, or has none) it
    /// is no: reading aside costs a detour, waiting for the disk on a loop stalls every viewer.
    public static func isResident(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard var page = unsafe firstPage(bytes), let start = bytes.baseAddress else {
            return true
        }
        let end = unsafe start + bytes.count
        // The kernel writes one byte for each page.
        var states = InlineArray<64, UInt8>(repeating: 0)
        while unsafe UnsafeRawPointer(page) < end {
            let length = unsafe min(end - UnsafeRawPointer(page), 64 * Environment.pageBytes)
            let pages = (length + Environment.pageBytes - 1) / Environment.pageBytes
            var span = states.mutableSpan
            let isKnown = unsafe span.withUnsafeMutableBufferPointer {
                unsafe mincore(page, length, $0.baseAddress) == 0
            }
            guard isKnown else { return false }
            for index in 0..<pages where states[index] & 1 == 0 { return false }
            unsafe page += length
        }
        return true
    }

    /// Asks the kernel to read the pages soon; does not wait.
    public static func prefetch(_ bytes: UnsafeRawBufferPointer) {
        guard let page = unsafe firstPage(bytes), let start = bytes.baseAddress else {
            return
        }
        let length = unsafe start + bytes.count - UnsafeRawPointer(page)
        _ = unsafe madvise(page, length, MADV_WILLNEED)
    }

    private static func firstPage(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return nil }
        let address = UInt(bitPattern: start) & ~UInt(Environment.pageBytes - 1)
        return unsafe UnsafeMutableRawPointer(bitPattern: address)
    }
}

extension Environment {
    /// Where the data file is mapped, from the kernel's own list; nil if it cannot be told.
    public var mapAddresses: Range<UInt>? { Self.mapAddresses(descriptor) }

    static func mapAddresses(_ descriptor: Int32) -> Range<UInt>? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        let inode = String(status.st_ino)
        return mapping { $0[4] == inode && $0[1].hasSuffix("s") }
    }

    /// Where LMDB's own code lies; nil where it is part of the program.
    public static var libraryAddresses: Range<UInt>? {
        mapping { $0[1].contains("x") && $0.last?.contains("/liblmdb") == true }
    }

    /// The first mapping whose fields are such: addresses, permissions, offset, device, inode and,
    /// if it has one, path.
    private static func mapping(_ isWanted: ([Substring]) -> Bool) -> Range<UInt>? {
        guard let file = unsafe fopen("/proc/self/maps", "re") else { return nil }
        defer { unsafe fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { unsafe free(line) }
        while unsafe getline(&line, &room, file) > 0 {
            guard let text = unsafe line else { break }
            let fields = unsafe String(cString: text).split(separator: " ", maxSplits: 5)
            guard fields.count >= 5, isWanted(fields) else { continue }
            let ends = fields[0].split(separator: "-")
            guard ends.count == 2, let low = UInt(ends[0], radix: 16),
                let high = UInt(ends[1], radix: 16)
            else { continue }
            return low..<high
        }
        return nil
    }
}
