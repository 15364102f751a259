/// The bytes of a stored response's index record, version 1. All numbers are little-endian.
///
/// ```
///   0 checksum u32 (of all that follows)     64 freshUntil i64
///   4 version u8, kind u8, status u16        72 swrUntil i64
///   8 flags u32                              80 sieUntil i64
///  12 bodyChecksum u32                       88 invalidation u64
///  16 objectID u64                           96 lastModified i64
///  24 bodyLength u64                        104 varyEpoch u64
///  32 completeLength u64                    112 keyLength u16, inlineLength u16
///  40 rangeStart u64                        116 headersLength u32
///  48 storedAt i64                          120 etagStart u16, etagCount u16
///  56 initialAge i64                        124 renderTime u32
/// 128 key, then headers (unless in chunks), then inline body; the record ends there
/// ```
///
/// The layout of a version never changes. A new field takes a new version; a reader knows its own
/// and earlier ones, and takes any other for an entry that is not there.
public enum EntryRecord {
    public static var version: UInt8 { 1 }
    /// Bytes before the key.
    public static var headerBytes: Int { 128 }
    /// The longest record: two of them and LMDB's own data fit a page.
    public static var byteLimit: Int { 2_000 }
    /// The longest canonical key that is kept whole; of a longer one, its digest.
    public static var keyLimit: Int { 1_200 }

    /// Where the parts of a record go.
    public struct Plan: Sendable, Equatable {
        /// Bytes of key or digest.
        public var keyLength: Int
        public var keyIsDigest: Bool
        /// The header block goes to the beginning of the chunks, before the body.
        public var headersInChunks: Bool
        /// The body goes into the record, and there are no chunks.
        public var bodyInline: Bool
        /// Bytes of the record.
        public var recordLength: Int
    }

    /// What of an entry with parts of these lengths fits its record.
    ///
    /// Headers come before the body: they are needed for every answer, the body not for a 304.
    public static func plan(keyLength: Int, headersLength: Int, bodyLength: UInt64) -> Plan {
        let isDigest = keyLength > keyLimit
        let key = isDigest ? KeyDigest.byteCount : keyLength
        var room = byteLimit - headerBytes - key
        let headersFit = headersLength <= room
        if headersFit { room -= headersLength }
        let bodyFits = headersFit && bodyLength <= UInt64(room)
        let body = bodyFits ? Int(bodyLength) : 0
        return Plan(
            keyLength: key, keyIsDigest: isDigest, headersInChunks: !headersFit,
            bodyInline: bodyFits,
            recordLength: headerBytes + key + (headersFit ? headersLength : 0) + body)
    }

    /// What became of a record that was read.
    public enum Decoded: Sendable, Equatable {
        case entry(EntryHeader, Layout)
        /// A sound record of another key, which the same hash led to.
        case mismatch
        case corrupt(Corruption)
    }

    /// Where the parts of a record are, as offsets into it.
    public struct Layout: Sendable, Equatable {
        public var key: Range<Int>
        /// Empty when the header block is in the chunks.
        public var headers: Range<Int>
        /// Length of the header block, wherever it is.
        public var headersLength: Int
        /// Empty when the body is in chunks, or there is none.
        public var inlineBody: Range<Int>
    }

    /// Why a record cannot be trusted.
    public enum Corruption: UInt8, Error, Sendable, CaseIterable {
        /// Shorter or longer than a record can be.
        case length
        /// A version, kind, status or flag that version 1 does not have.
        case unknown
        /// Its lengths do not add up to its own.
        case layout
        /// The checksum is not that of its bytes.
        case checksum

        public var word: StaticString {
            switch self {
            case .length: "length"
            case .unknown: "unknown"
            case .layout: "layout"
            case .checksum: "checksum"
            }
        }
    }
}
