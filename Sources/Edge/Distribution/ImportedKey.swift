import Caching
import CloudFront
import HTTP
import Tiles

extension TargetKey {
    /// What an imported behavior tells requests apart by. A key that cannot be formed is marked
    /// `overflowed`. Allocates nothing.
    ///
    /// `host` is the distribution's domain name, so that aliases share objects; `generated` the
    /// CloudFront- fields, where the policy names any; `scheme` is nil where the origin is told
    /// none. Source: CloudFront, "Understand the cache
    /// key".
    @inline(__always)
    static func append(
        _ imported: Unmanaged<ImportedPolicies>, _ head: borrowing RequestHead,
        _ bytes: RawSpan, host: RawSpan, generated: borrowing HeaderTable,
        _ generatedBytes: UnsafeMutableRawBufferPointer,
        scratch: UnsafeMutableRawBufferPointer, reader: PageAtHand, scheme: ToldScheme?,
        maps: Unmanaged<MapServices>?, dropsCacheBusters: Bool, known: KnownMaps,
        _ map: inout MapFacts, to key: inout CanonicalKey
    ) {
        unsafe imported._withUnsafeGuaranteedRef {
            unsafe append(
                $0.key, head, bytes, host: host, path: bytes.extracting(head.path.range),
                query: bytes.extracting(head.query.range), generated: generated,
                UnsafeRawBufferPointer(generatedBytes).bytes, scratch: scratch,
                reader: reader, scheme: scheme, maps: maps, dropsCacheBusters: dropsCacheBusters,
                known: known, &map, to: &key)
        }
    }

    /// The same for any path and query of the request's distribution.
    static func append(
        _ selection: borrowing KeySelection, _ head: borrowing RequestHead, _ bytes: RawSpan,
        host: RawSpan, path: RawSpan, query: RawSpan, generated: borrowing HeaderTable,
        _ generatedBytes: RawSpan, scratch: UnsafeMutableRawBufferPointer,
        reader: PageAtHand, scheme: ToldScheme?, maps: Unmanaged<MapServices>?,
        dropsCacheBusters: Bool, known: KnownMaps? = nil, _ map: inout MapFacts,
        to key: inout CanonicalKey
    ) {
        if head.method == .options {
            key.append(.methodClass, bytes.extracting(head.methodName.range))
        } else {
            key.append(.methodClass, byte: UInt8(ascii: "G"))
        }
        key.append(host: host)
        if let maps = unsafe maps {
            unsafe append(mapOf: path, query: query, maps, known, &map, to: &key)
        }
        if !map.isKeyed {
            let isShared = selection.isShared(path: path, query: query, head.method)
            // Before the path: what looks for other codings takes the coding to be the last.
            if var told = scheme {
                told.believesHost = told.believesHost && selection.hasHost && !isShared
                told.believesPort = told.believesPort && !isShared
                told.append(head, bytes, seesCloudFront: false, to: &key)
            }
            if selection.keysHost, !isShared { append(hostOf: head, bytes, to: &key) }
            unsafe selection.appendPath(path, to: &key, scratch: scratch)
        }
        let (isNobodys, isPicture) = (reader.hidesCredentials(of: map), map.isPicture)
        func appendSelected(_ query: RawSpan) {
            let isFormed = unsafe selection.append(
                to: &key, head, query: query, bytes: bytes,
                generated: generated, generatedBytes: generatedBytes, scratch: scratch,
                withoutCookies: reader.isAnonymous || isNobodys, withoutAuthorization: isNobodys,
                ofPicture: isPicture)
            if !isFormed { key.spoil() }
        }
        if dropsCacheBusters, !map.isKeyed {
            withoutCacheBusters(path: path, query: query, &map) { appendSelected($0) }
        } else {
            appendSelected(map.isKeyed ? RawSpan() : query)
        }
    }
}

extension TargetKey {
    /// Host, as a policy would have it that names it.
    private static func append(
        hostOf head: borrowing RequestHead, _ bytes: RawSpan, to key: inout CanonicalKey
    ) {
        let name: StaticString = "host"
        unsafe key.append(
            .fieldName,
            UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount).bytes)
        key.append(lowercasing: .fieldValue, bytes.extracting(head.authority.range))
    }
}

extension KeySelection {
    /// Whether a target's answer is the same under all hosts, and is keyed and asked for so: a
    /// map's picture, where documents alone have the host in their keys.
    fileprivate func isShared(path: RawSpan, query: RawSpan, _ method: Method) -> Bool {
        keysHost && !keysHostOfPictures && method != .options
            && MapRequest.isPicture(path: path, query: query)
    }

    /// Documents have a host in their keys, so that the origin is told one.
    fileprivate var hasHost: Bool {
        if keysHost { return true }
        let name: StaticString = "host"
        return unsafe headers.contains(
            UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount).bytes)
    }
}

extension Exchange {
    /// Whether the key has no host, so that the answer is for viewers of each: the origin must not
    /// name this one's to others. What a policy sends it without having it in the key is sent, as
    /// CloudFront does.
    var hidesHost: Bool {
        guard let behavior = imported?.behavior else { return sharesPicture }
        if behavior.key.sharesPictures, keysNoCoding { return true }
        if behavior.key.hasHost, !sharesPicture || !behavior.key.keysHost { return false }
        return sharesPicture || !behavior.forwarding.forwardsHost
    }

    /// It asks for a map's picture, whose key has no host.
    var sharesPicture: Bool {
        guard let map else { return false }
        if map.isCanonical { return true }
        guard map.isImage, let key = imported?.behavior.key else { return false }
        return key.keysHost && !key.keysHostOfPictures
    }

    /// What an imported distribution says of its behavior.
    var imported: ImportedBehavior? { snapshot.settings.behaviors[behavior].imported }

    /// Which origin is asked: of a group the one whose turn it is, of one that matches the
    /// viewer's protocol the one that speaks it.
    var originIndex: Int {
        if asksSecond, let second = imported?.failover {
            return peer.facts.usesTLS ? second.secureOrigin : second.origin
        }
        return snapshot.originIndex(behavior, usesTLS: peer.facts.usesTLS)
    }

    /// Whether that origin is an S3 bucket.
    var asksS3: Bool {
        guard let imported else { return false }
        return asksSecond ? imported.failover?.isS3 ?? imported.isS3 : imported.isS3
    }

    /// The canonical key of a path and query that this request might have named as well; nil when
    /// it cannot be formed. `query` is nil where there is no `?`.
    func canonicalKey(path: [UInt8], query: [UInt8]?, gzip: Bool) -> [UInt8]? {
        let keepsEmptyQuery = query != nil && policy.mode == .rfc9111
        let query = query ?? []
        return unsafe withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { memory in
            var key = unsafe CanonicalKey(memory)
            var map = MapFacts()
            appendViewer(to: &key)
            if let imported {
                append(imported, path: path, query: query, &map, to: &key)
            } else {
                let maps = maps
                unsafe TargetKey.append(
                    host: [UInt8](bytes[head.authority.range]).span.bytes, path: path.span.bytes,
                    query: query.span.bytes, maps: maps.map { unsafe .passUnretained($0) },
                    keepsEmptyQuery: keepsEmptyQuery, dropsCacheBusters: dropsCacheBusters, &map,
                    to: &key)
                withExtendedLifetime(maps) {}
                if !map.isKeyed { appendScheme(to: &key) }
                if gzip, !map.isPicture { TargetKey.appendGzip(to: &key) }
            }
            return unsafe key.overflowed ? nil : [UInt8](key.bytes)
        }
    }

    private func appendScheme(to key: inout CanonicalKey) {
        unsafe bytes.withUnsafeBytes {
            unsafe ToldScheme(peer, snapshot.hot).append(
                head, $0.bytes, seesCloudFront: true, to: &key)
        }
    }

    private func append(
        _ imported: ImportedBehavior, path: [UInt8], query: [UInt8], _ map: inout MapFacts,
        to key: inout CanonicalKey
    ) {
        let fields = GeneratedTable(self)
        let generated = fields.bytes
        let host = Array((snapshot.settings.distribution?.domainName ?? "").utf8)
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(path.count, query.count) + 1, alignment: 1)
        defer { unsafe scratch.deallocate() }
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe TargetKey.append(
                imported.behavior.key, head, bytes.bytes, host: host.span.bytes,
                path: path.span.bytes, query: query.span.bytes, generated: fields.table,
                generated.span.bytes, scratch: scratch,
                reader: PageAtHand(facts),
                scheme: snapshot.settings.role == .twin
                    ? nil : ToldScheme(peer, snapshot.hot),
                maps: maps.map { unsafe .passUnretained($0) },
                dropsCacheBusters: dropsCacheBusters, &map, to: &key)
        }
    }
}

/// The CloudFront- fields of an exchange, in memory of their own; for the slow way.
struct GeneratedTable {
    var table = HeaderTable()
    let bytes: [UInt8]

    init(_ exchange: Exchange) {
        let address = Array(exchange.peer.addressWithPort.utf8)
        let needs = exchange.imported.map { GeneratedNeeds($0.behavior.forwarding) } ?? []
        let tls = needs.contains(.tls) ? exchange.peer.viewerTLS : []
        let place = unsafe exchange.snapshot.hot.place(exchange.peer.facts.place)
        var table = HeaderTable()
        bytes = unsafe [UInt8](
            unsafeUninitializedCapacity: exchange.head.length + GeneratedFields.room(for: needs)
        ) { buffer, count in
            let memory = UnsafeMutableRawBufferPointer(buffer)
            unsafe exchange.bytes.withUnsafeBytes {
                unsafe GeneratedFields.write(
                    exchange.peer.facts, needs, address: address.span.bytes, place: place.bytes,
                    tls: tls.span.bytes, exchange.head, bytes: $0.bytes, into: memory,
                    table: &table)
            }
            count = table.count == 0 ? 0 : table[table.count - 1].value.end
        }
        self.table = table
    }
}
