import Caching
import CloudFront
import HTTP
import Reactor
import Tiles

// What is stored, and whose word its lifetime is.
extension LoopState where N: ~Copyable {
    func entryAccount(
        _ copy: StoredCopy, _ exchange: Exchange, isPending: Bool
    ) -> Explanation.Entry {
        let (header, now) = (copy.header, network.wallNow)
        let decided = exchange.lifetime(of: copy)
        var entry = Explanation.Entry()
        entry.kind = header.kind == .partial ? "partial" : "complete"
        entry.status = Int(header.status)
        entry.bodyLength = header.bodyLength
        entry.storedAt = header.times.storedAt
        entry.age = header.times.age(at: now)
        entry.lifetime = header.times.lifetime
        entry.source = "\(decided.source.word)"
        entry.field = field(
            behind: decided.source, copy.headers, exchange.lifetimeClass(of: header))
        entry.bound = decided.bound.word
        entry.remaining = header.times.freshUntil.subtracting(now)
        entry.staleWhileRevalidate = header.times.swrUntil.stale(after: header, now)
        entry.staleIfError = header.times.sieUntil.stale(after: header, now)
        entry.flags = header.flags.words
        // Dates have whole seconds only.
        let difference = decided.milliseconds.subtracting(header.times.lifetime).magnitude
        entry.hasOldLifetime =
            difference > 1_000 && decided.milliseconds >= header.times.initialAge
        entry.isPending = isPending
        entry.uncompressed = exchange.reasonUncompressed(copy) ?? ""
        entry.invalidation = header.invalidation
        return entry
    }

    private func field(
        behind source: Lifetime.Source, _ block: [UInt8], _ lifetimeClass: MapClass
    ) -> String {
        switch source {
        case .sMaxAge, .maxAge, .directive: StoredField.line("Cache-Control", block)
        case .expires: StoredField.line("Expires", block)
        case .targeted: StoredField.line("CDN-Cache-Control", block)
        case .heuristic: StoredField.line("Last-Modified", block)
        case .mapClass: "edgeTTL of class \(lifetimeClass)"
        case .defaultTTL, .errorTTL: ""
        }
    }
}

extension Exchange {
    /// The lifetime of a stored response, computed from its fields as it was when it was stored.
    func lifetime(of copy: StoredCopy) -> Lifetime {
        let (header, storedAt) = (copy.header, copy.header.times.storedAt)
        let block = copy.headers
        var facts = unsafe ResponseFacts(
            status: Int(header.status), block: block.span.bytes, now: storedAt)
        facts.lifetimeClass = lifetimeClass(of: header)
        facts.movesWithClock = map?.tile?.movesWithClock == true
        facts.isFeatureInfo = isFeatureInfo
        return freshnessLifetime(facts, policy(for: Int(header.status)), now: storedAt)
    }
}

extension Exchange {
    /// Why a stored response is not compressed although the behavior compresses and the viewer
    /// takes gzip; nil: it is. What `compressed` asks, of what is left of the head.
    fileprivate func reasonUncompressed(_ copy: StoredCopy) -> String? {
        guard policy.compresses, head.method == .get, takesGzip,
            !copy.header.flags.contains(.compressedHere)
        else { return nil }
        if head.minorVersion < 1 { return "the request is of HTTP/1.0" }
        let coding = StoredField.line("Content-Encoding", copy.headers)
        if !coding.isEmpty { return "the origin gave it \(coding)" }
        guard [200, 403, 404].contains(copy.header.status) else {
            return "CloudFront compresses no \(copy.header.status)"
        }
        let type = StoredField.values("Content-Type", copy.headers).first ?? ""
        let bytes = Array(type.utf8)
        guard unsafe Compression.suits(type: bytes.span.bytes) else {
            return type.isEmpty ? "it has no Content-Type" : "CloudFront compresses no \(type)"
        }
        let lengths = Compression.lengths
        guard lengths.contains(copy.header.bodyLength) else {
            return "it has not \(lengths.lowerBound) to \(lengths.upperBound) bytes"
        }
        return "the origin gave no Content-Length, or it was stored before the edge compressed it"
    }
}

/// Fields of a stored header block, as text.
enum StoredField {
    /// The values of all lines of that name, in any case.
    static func values(_ name: String, _ block: [UInt8]) -> [String] {
        let wanted = Array(name.utf8)
        let bytes = unsafe block.span.bytes
        var values: [String] = []
        var lines = FieldLines()
        while let line = lines.next(in: bytes) {
            guard unsafe equalsIgnoringCase(bytes.extracting(line.name), wanted.span.bytes) else {
                continue
            }
            values.append(String(decoding: block[line.value], as: UTF8.self))
        }
        return values
    }

    /// `Name: value, value`; empty where there is none.
    static func line(_ name: String, _ block: [UInt8]) -> String {
        let values = values(name, block)
        return values.isEmpty ? "" : "\(name): \(values.joined(separator: ", "))"
    }
}

extension Milliseconds {
    /// How long a window that ends here is open from now on, its fresh part left out.
    fileprivate func stale(after header: EntryHeader, _ now: Milliseconds) -> Milliseconds {
        Swift.max(0, subtracting(Swift.max(now, header.times.freshUntil)))
    }
}

extension Lifetime.Bound {
    /// The word in `explain`.
    var word: String {
        switch self {
        case .none: ""
        case .minTTL: "min-ttl"
        case .maxTTL: "max-ttl"
        case .presentTTL: "present-ttl"
        case .featureInfoTTL: "feature-info-ttl"
        }
    }
}

extension EntryFlags {
    /// Those that decide what a response is good for, in words.
    fileprivate var words: [String] {
        let named: [(EntryFlags, String)] = [
            (.noCache, "no-cache"), (.fallbackOnly, "fallback-only"), (.varyStar, "vary-star"),
            (.mustRevalidate, "must-revalidate"), (.proxyRevalidate, "proxy-revalidate"),
            (.negative, "error"), (.heuristic, "heuristic"), (.classLifetime, "class-lifetime"),
            (.hadAuthorization, "had-authorization"), (.sharedExplicitly, "shared-explicitly"),
            (.compressedHere, "compressed-here"), (.tokensCut, "tokens-cut"),
        ]
        return named.filter { contains($0.0) }.map(\.1)
    }
}
