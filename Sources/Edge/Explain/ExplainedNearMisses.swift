import Caching
import LMDB
import Reactor

// What is stored for the same host and path under another key, which is what people overlook.
extension LoopState where N: ~Copyable {
    /// Near misses shown, the nearest first.
    private static var nearMissLimit: Int { 5 }
    private static var sliceLength: Int { 1_000 }

    /// Reads the index, a slice in each snapshot, and what waits for the writer.
    mutating func findNearMisses(
        _ key: Explanation.Key, _ exchange: Exchange, _ limit: Int, _ told: inout Explanation
    ) {
        let wanted = exchange.canonical
        guard let target = unsafe InvalidationTarget(in: wanted.span.bytes) else { return }
        let (host, path) = (wanted[target.host], wanted[target.path])
        func isNear(_ canonical: RawSpan) -> Bool {
            guard let other = InvalidationTarget(in: canonical) else { return false }
            return host.elementsEqual(canonical.extracting(other.host))
                && path.elementsEqual(canonical.extracting(other.path))
        }
        var near: [[UInt8]: (header: EntryHeader, fields: [UInt8])] = [:]
        for object in store?.core.pending.objects(where: {
            unsafe isNear($0.canonicalKey.span.bytes)
        })
            ?? []
        { near[object.canonicalKey] = (object.header, object.headers) }
        var start: Key? = Key(high: 0, low: 0)
        while let from = start, told.scanned < limit {
            beginReading()
            start = unsafe reader?.scan(from: from, limit: Self.sliceLength) { record in
                told.scanned += 1
                guard let (header, layout) = unsafe try? EntryRecord.inspect(record.bytes),
                    !header.flags.contains(.keyIsDigest),
                    unsafe isNear(record.bytes.extracting(layout.key))
                else { return }
                let canonical = unsafe [UInt8](record[layout.key])
                if near[canonical] == nil {
                    let fields = unsafe fieldsAtHand(record, header, layout)
                    near[canonical] = unsafe (header, fields.map { unsafe [UInt8]($0) } ?? [])
                }
            }
            endReading()
        }
        told.isScanComplete = start == nil
        let misses = near.compactMap { canonical, found in
            nearMiss(canonical, found.header, found.fields, key, exchange)
        }
        told.nearMisses = Array(misses.sorted { isNearer($0, $1) }.prefix(Self.nearMissLimit))
    }

    private func nearMiss(
        _ canonical: [UInt8], _ header: EntryHeader, _ fields: [UInt8], _ key: Explanation.Key,
        _ exchange: Exchange
    ) -> Explanation.NearMiss? {
        guard header.kind != .variants else { return nil }
        let parts = keyParts(canonical, exchange.imported)
        let differences = key.parts.differences(from: parts)
        if differences.isEmpty { return nil }
        var miss = Explanation.NearMiss()
        miss.differences = differences
        miss.status = Int(header.status)
        miss.age = header.times.age(at: network.wallNow)
        miss.isFresh = header.times.isFresh(at: network.wallNow)
        let killer = store?.invalidations.latest(naming: canonical, showing: fields)
        miss.isDead = (killer?.number ?? 0) > header.invalidation
        return miss
    }

    private func isNearer(_ one: Explanation.NearMiss, _ other: Explanation.NearMiss) -> Bool {
        (one.differences.count, one.age, "\(one.differences)")
            < (other.differences.count, other.age, "\(other.differences)")
    }
}

extension ArraySlice<UInt8> {
    fileprivate func elementsEqual(_ bytes: RawSpan) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe elementsEqual($0) }
    }
}
