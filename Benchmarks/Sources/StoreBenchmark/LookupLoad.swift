import Caching
import Edge
import Glibc

/// Looks up a million small tiles the way a hit does, by Zipf's law and evenly.
struct LookupLoad {
    let directory: String
    let entries: Int

    private static let bodyBytes = 3_000

    func run(lookups: Int) throws {
        let mapBytes = max(1 << 28, entries * 7_000)
        let settings = StoreSettings(directory: directory, mapBytes: mapBytes)
        try fill(settings)
        let start = seconds()
        let store = try Store.open(settings)
        print("opened with \(entries) entries in \(rounded((seconds() - start) * 1_000)) ms")
        waitForScan(store)
        let few = try measure(store, "1,000 tiles", lookups) { $0.next(below: 1_000) }
        let zipf = Zipf(count: entries)
        let skewed = try measure(store, "Zipf 1.0", lookups) { zipf.next(&$0) }
        let even = try measure(store, "evenly", lookups) { [entries] in $0.next(below: entries) }
        print(
            "Zipf \(rounded(skewed / few, 2)) x, evenly \(rounded(even / few, 2)) x of 1,000 tiles")
        print("private memory \(privateMebibytes()) MiB")
        store.close()
    }

    private func fill(_ settings: StoreSettings) throws {
        let store = try Store.open(settings)
        defer { store.close() }
        guard store.statistics()?.entries ?? 0 < entries else { return }
        let pool = BodyPool()
        let start = seconds()
        for number in 0..<entries {
            let now = StoreSettings.systemClock()
            while !store.put(number, version: 1, count: Self.bodyBytes, pool, now: now) {
                usleep(500)
            }
        }
        while store.hasPending { usleep(1_000) }
        print("stored \(Int(Double(entries) / (seconds() - start))) per second")
    }

    /// The scan that follows a start reads the whole index.
    private func waitForScan(_ store: Store) {
        let start = seconds()
        while store.counters.value(.scanned) < entries, seconds() - start < 120 { usleep(1_000) }
        print("scanned in the background in \(rounded(seconds() - start, 2)) s")
    }

    /// Nanoseconds for each lookup: hash, find, verify identity, note the hit, point at the body.
    private func measure(
        _ store: Store, _ name: String, _ lookups: Int, _ choose: (inout Numbers) -> Int
    ) throws -> Double {
        var numbers = Numbers(seed: 3)
        let keys = (0..<lookups).map { _ in choose(&numbers) }
        guard var reader = store.makeReader() else { return 0 }
        var parts = [iovec](repeating: iovec(), count: 16)
        var found = 0
        var bytes = 0
        let names = Dictionary(
            uniqueKeysWithValues: Set(keys).map { ($0, store.key($0)) })
        let chosen = keys.map { names[$0] ?? store.key($0) }
        let now = StoreSettings.systemClock()
        let start = processorSeconds()
        for key in chosen {
            if store.hasPending { continue }
            reader.begin()
            if let record = reader.find(key), let header = Self.header(record) {
                _ = reader.touch(key, now: now)
                bytes +=
                    reader.gather(
                        objectID: header.objectID, fromChunk: 0, skip: 0, limit: 65_280,
                        into: &parts
                    ).bytes
                // A viewer's bytes are read by the kernel; here one of each chunk stands for it.
                found += Int(parts[0].iov_base.load(as: UInt8.self)) & 1
            }
            reader.end()
        }
        let each = (processorSeconds() - start) / Double(lookups) * 1e9
        print("\(name): \(rounded(each, 0)) ns a lookup, \(bytes / lookups) bytes each, \(found)")
        return each
    }

    private static func header(_ record: UnsafeRawBufferPointer) -> EntryHeader? {
        let key = record.bytes.extracting(
            EntryRecord.headerBytes..<EntryRecord.headerBytes + Int(record[112]))
        let decoded = EntryRecord.decode(
            record.bytes, expecting: key, seed: (0, 0), verifying: false)
        guard case .entry(let header, _) = decoded else { return nil }
        return header
    }

    private func privateMebibytes() -> Int {
        guard let file = fopen("/proc/self/smaps_rollup", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        var total = 0
        while fgets(&line, 256, file) != nil {
            let text = String(
                decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix("Anonymous:") {
                total += text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            }
        }
        return total / 1_024
    }
}

/// Ranks by Zipf's law with exponent 1: rank r is asked for 1/r as often as the first.
struct Zipf {
    private let count: Int

    init(count: Int) { self.count = count }

    /// By the inverse of the continuous law, which is close enough to time caches with; ranks are
    /// spread over the tiles, so that neighbours in rank are none in the file.
    func next(_ numbers: inout Numbers) -> Int {
        let rank = Int(pow(Double(count), numbers.fraction())) - 1
        return (rank &* 2_654_435_761) % count
    }
}
