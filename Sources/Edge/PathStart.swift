/// The first sixteen bytes of a path, or as many as every path that matches a pattern begins with.
struct PathStart: Equatable {
    private var words: (UInt64, UInt64) = (0, 0)
    /// How many bytes of a pattern with its leading slash it tells; 0 for one without.
    private(set) var length = 0
    /// Which bits count; all zero for what is shorter than a pattern's start, which differs there.
    private var masks: (UInt64, UInt64) = (0, 0)

    /// What comes before the first star or question mark; a leading slash may be left out.
    init(ofPattern pattern: String) {
        var bytes = Array(
            pattern.utf8.prefix { $0 != UInt8(ascii: "*") && $0 != UInt8(ascii: "?") })
        let isRooted = pattern.hasPrefix("/") || pattern.hasPrefix("*")
        length = isRooted ? min(bytes.count, 16) : 0
        if !isRooted { bytes.insert(UInt8(ascii: "/"), at: 0) }
        for (index, byte) in bytes.prefix(16).enumerated() {
            let shift = UInt64(index % 8 * 8)
            if index < 8 {
                words.0 |= UInt64(byte) << shift
                masks.0 |= 0xff << shift
            } else {
                words.1 |= UInt64(byte) << shift
                masks.1 |= 0xff << shift
            }
        }
    }

    @inline(__always)
    init(of path: UnsafeRawBufferPointer) {
        if path.count >= 16 {
            words.0 = unsafe UInt64(
                littleEndian: path.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            words.1 = unsafe UInt64(
                littleEndian: path.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            return
        }
        for index in 0..<path.count {
            let byte = unsafe UInt64(path[index]) << UInt64(index % 8 * 8)
            if index < 8 { words.0 |= byte } else { words.1 |= byte }
        }
    }

    /// Whether a path that starts like this may match the pattern.
    @inline(__always)
    func mayBegin(_ path: PathStart) -> Bool {
        (words.0 ^ path.words.0) & masks.0 | (words.1 ^ path.words.1) & masks.1 == 0
    }

    static func == (left: PathStart, right: PathStart) -> Bool {
        left.words == right.words && left.masks == right.masks
    }
}
