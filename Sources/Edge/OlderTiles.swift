import Caching
import HTTP
import Reactor

// A tile cache behind the edge that was not emptied, as it is another member's, or that put back
// what was being drawn while it was emptied. It tells itself how old its tile is: its
// `Last-Modified` is when the drawing began. Source: GeoWebCache `TileLayer.saveTiles`,
// `org.geowebcache.util.ResponseUtils`.
extension LoopState where N: ~Copyable {
    /// Whether the head that has come is of a tile that GeoWebCache had, and had drawn before the
    /// latest write that touched it.
    ///
    /// Both times are the server's, so that its clock does not matter; of whole seconds, and of the
    /// time that the answer took, is taken what makes it older. A server that sends no `Date` is
    /// believed to have the edge's time, give or take five seconds. What has no `Last-Modified`
    /// tells nothing.
    mutating func isOlderThanWrite(_ fetch: Fetch, _ raw: [UInt8]) -> Bool {
        guard let store, store.invalidations.times.isKept, fetch.exchange.map?.isImage == true,
            let primary = fetch.exchange.primary, Self.isHit(raw, originHead.fields),
            let drawn = date(.lastModified, raw),
            let purged = store.invalidations.times.latest(
                reaching: primary.canonical, store.invalidations.reading)
        else { return false }
        let age = (date(.date, raw) ?? network.wallNow - 5_000) - drawn
        let taken = Milliseconds((network.monotonicNow - fetch.startedAt) / 1_000_000)
        return store.invalidations.times.now - taken - age - 1_000 < purged
    }

    private static func isHit(_ raw: [UInt8], _ fields: borrowing HeaderTable) -> Bool {
        for index in 0..<fields.count where fields[index].known == .other {
            let name = raw[fields[index].name.range]
            guard name.count == 24, name.map({ $0 | 0x20 }).elementsEqual(resultField) else {
                continue
            }
            return raw[fields[index].value.range].map { $0 | 0x20 }.elementsEqual("hit".utf8)
        }
        return false
    }

    private static var resultField: String.UTF8View { "geowebcache-cache-result".utf8 }

    private func date(_ field: KnownField, _ raw: [UInt8]) -> Milliseconds? {
        guard let index = originHead.fields.first(field) else { return nil }
        let text = [UInt8](raw[originHead.fields[index].value.range])
        let now = network.wallNow / 1_000
        return unsafe HTTPDate.parse(text.span.bytes, now: now).map { $0 * 1_000 }
    }
}
