import Glibc
import LMDB

/// What must agree before a database is opened, kept as text beside it.
///
/// Keys are hashed with a seed of this store's own, so that nobody outside can aim two keys at one
/// record; without the seed nothing in the file can be found.
struct StoreFormat: Equatable {
    /// LMDB's version, first two numbers: its files are not compatible beyond that.
    var library: String
    var schema: Int
    var seed: (UInt64, UInt64)

    /// This program's format with a new seed from the kernel.
    static func fresh() -> StoreFormat {
        var generator = SystemRandomNumberGenerator()
        return StoreFormat(
            library: currentLibrary, schema: StoreFile.schema,
            seed: (generator.next(), generator.next()))
    }

    static var currentLibrary: String {
        Environment.libraryVersion.split(separator: ".").prefix(2).joined(separator: ".")
    }

    /// Whether this program can read a database of the format.
    var isCurrent: Bool { library == Self.currentLibrary && schema == StoreFile.schema }

    /// The file's text.
    var text: String {
        """
        mapedge cache
        lmdb \(library)
        schema \(schema)
        seed \(Self.hex(seed.0)) \(Self.hex(seed.1))

        """
    }

    /// Reads the file's text; nil if it is anything else.
    init?(_ text: String) {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
        guard lines.count == 4, lines[0] == ["mapedge", "cache"],
            lines[1].count == 2, lines[1][0] == "lmdb",
            lines[2].count == 2, lines[2][0] == "schema", let schema = Int(lines[2][1]),
            lines[3].count == 3, lines[3][0] == "seed",
            let first = UInt64(lines[3][1], radix: 16), let second = UInt64(lines[3][2], radix: 16)
        else { return nil }
        self.init(library: String(lines[1][1]), schema: schema, seed: (first, second))
    }

    init(library: String, schema: Int, seed: (UInt64, UInt64)) {
        self.library = library
        self.schema = schema
        self.seed = seed
    }

    static func == (left: StoreFormat, right: StoreFormat) -> Bool {
        left.library == right.library && left.schema == right.schema && left.seed == right.seed
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension StoreDirectory {
    private var formatPath: String { path + "/format" }

    /// The format of the database that lies there; nil if there is none that can be read.
    func readFormat() -> StoreFormat? {
        Self.read(formatPath).flatMap { String(validating: $0, as: UTF8.self) }
            .flatMap { StoreFormat($0) }
    }

    func writeFormat(_ format: StoreFormat) throws(StoreError) {
        try Self.write(formatPath, Array(format.text.utf8))
    }
}
