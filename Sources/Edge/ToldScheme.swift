import Caching
import HTTP
import Reactor

/// In which scheme the origin is told that the viewer came: what sends people to https, and
/// absolute links, depend on it.
///
/// Part of each key but a map's, whose pictures are the same under both, and but a twin's imported
/// behaviors: CloudFront removes X-Forwarded-Proto, so that there the policies alone decide.
struct ToldScheme {
    /// The viewer's own fields are believed, and handed on.
    var isTrusted: Bool
    /// It speaks TLS to us, or asks for a site whose viewers do.
    var isSecured: Bool
    /// Its X-Forwarded-Host is handed on, too, wherever the origin is told a host.
    var believesHost = false
    /// Likewise X-Forwarded-Port.
    var believesPort = false

    init(isTrusted: Bool, isSecured: Bool) {
        (self.isTrusted, self.isSecured) = (isTrusted, isSecured)
    }

    init(_ peer: Peer, _ hot: borrowing HotTable) {
        self.init(isTrusted: peer.tellsScheme, isSecured: peer.isSecured || peer.asksForSite)
        believesHost = hot.believesHost && peer.isTrusted
        believesPort = hot.believesPort && peer.isTrusted
    }

    /// Appends what X-Forwarded-Proto will say, unless that is `http`, and behind it what the
    /// origin sees of CloudFront-Forwarded-Proto: origins differ in which of them they go by. Both
    /// as sent, since origins compare them so. Before them stand an X-Forwarded-Host and -Port that
    /// are handed on, by which links are made as by the scheme. Allocates nothing.
    ///
    /// - Parameter seesCloudFront: the origin gets that field too when a trusted proxy sends it.
    @inline(__always)
    func append(
        _ head: borrowing RequestHead, _ bytes: RawSpan, seesCloudFront: Bool,
        to key: inout CanonicalKey
    ) {
        if believesHost, let line = head.fields.first(.xForwardedHost) {
            let host = bytes.extracting(head.fields[line].value.range)
            Self.append("x-forwarded-host", host, to: &key)
        }
        if believesPort, let line = head.fields.first(.xForwardedPort) {
            let port = bytes.extracting(head.fields[line].value.range)
            Self.append("x-forwarded-port", port, to: &key)
        }
        guard isTrusted else {
            if isSecured { Self.append("https", to: &key) }
            return
        }
        let told = seesCloudFront ? Self.toldByCloudFront(head, bytes) : nil
        if let line = head.fields.first(.xForwardedProto) {
            let value = bytes.extracting(head.fields[line].value.range)
            if told != nil || !equalsExactly(value, "http") { key.append(.scheme, value) }
        } else if isSecured {
            Self.append("https", to: &key)
        } else if told != nil {
            Self.append("http", to: &key)
        }
        var line = told
        while let at = line {
            key.append(.scheme, bytes.extracting(head.fields[at].value.range))
            line = Self.toldByCloudFront(head, bytes, after: at)
        }
    }

    /// The next line of CloudFront-Forwarded-Proto that goes any further than here.
    static func toldByCloudFront(
        _ head: borrowing RequestHead, _ bytes: RawSpan, after line: Int = -1
    ) -> Int? {
        let name: StaticString = "cloudfront-forwarded-proto"
        for index in line + 1..<head.fields.count
        where head.fields[index].known == .other
            && equalsIgnoringCase(bytes.extracting(head.fields[index].name.range), name)
            && !head.isHopByHop(index, bytes: bytes)
        { return index }
        return nil
    }

    private static func append(
        _ name: StaticString, _ value: RawSpan, to key: inout CanonicalKey
    ) {
        unsafe key.append(
            .fieldName,
            UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount).bytes)
        key.append(lowercasing: .fieldValue, value)
    }

    private static func append(_ word: StaticString, to key: inout CanonicalKey) {
        unsafe key.append(
            .scheme,
            UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount).bytes)
    }
}

extension Exchange {
    /// Whether the key of what it asks for has what the origin is told in a field. The key of a
    /// map has neither host nor scheme, and a distribution's policies say whether theirs has the
    /// host.
    func isInKey(_ field: KnownField) -> Bool {
        switch field {
        case .host, .xForwardedHost: imported == nil && !isKeyedAsMap
        case .xForwardedProto:
            (imported == nil || snapshot.settings.role != .twin) && !isKeyedAsMap
        default: false
        }
    }

    private var isKeyedAsMap: Bool {
        guard let primary else { return true }
        var walk = CanonicalParts()
        while let (part, _) = unsafe walk.next(in: primary.canonical.span.bytes) {
            if part == .mapRequest { return true }
        }
        return false
    }
}

extension LoopState where N: ~Copyable {
    /// Of the request at hand, for a behavior.
    @inline(__always)
    func toldScheme(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int
    ) -> ToldScheme {
        let isForSite = unsafe asksForSite(slot, bytes, behavior)
        var told = ToldScheme(
            isTrusted: viewers[slot].isTrusted && !isForSite,
            isSecured: viewers[slot].speaksTLS || isForSite)
        told.believesHost = viewers[slot].isTrusted && hot.believesHost
        told.believesPort = viewers[slot].isTrusted && hot.believesPort
        return told
    }

    /// The key of the request at hand, of whose map all is known.
    func writeKey(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) -> CanonicalKey {
        var map = MapFacts()
        return unsafe writeKey(bytes, behavior, facts, toldScheme(slot, bytes, behavior), &map)
    }
}
