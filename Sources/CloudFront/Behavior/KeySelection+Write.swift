public import Caching
public import HTTP

// Writes into the caller's memory and allocates nothing.
extension KeySelection {
    /// Appends what the policy takes of a request: its identity, query strings in the request's
    /// order, fields in the policy's, cookies sorted by name, the normalised Accept-Encoding.
    ///
    /// Method, host and path are the caller's part, and which `query` is meant. `generated` holds
    /// the CloudFront- fields that the edge made of the connection, since the viewer's word counts
    /// for nothing there. `scratch` has room for the query. False: the key must not be used, and
    /// the request is answered without the store. `withoutCookies`, `withoutAuthorization`: as if
    /// the request had none. `ofPicture`: a map's, in its normal form, which is the same for all
    /// codings. (The policy's identity and Host stay, unless pictures are shared: behaviors may
    /// have other origins and lifetimes, and an origin is told the host.)
    public func append(
        to key: inout CanonicalKey, _ head: borrowing RequestHead, query: RawSpan, bytes: RawSpan,
        generated: borrowing HeaderTable, generatedBytes: RawSpan,
        scratch: UnsafeMutableRawBufferPointer, withoutCookies: Bool = false,
        withoutAuthorization: Bool = false, ofPicture: Bool = false
    ) -> Bool {
        let isShared = ofPicture && sharesPictures
        if isShared {
            if !pictureIdentity.isEmpty {
                key.append(.behavior, unsafe pictureIdentity.span.bytes)
            }
        } else if !identity.isEmpty {
            key.append(.behavior, unsafe identity.span.bytes)
        }
        guard unsafe appendQuery(to: &key, query, scratch) else {
            return false
        }
        let names = unsafe headers.storage.span.bytes
        for index in 0..<headers.count {
            let name = names.extracting(headers.range(index))
            let known = headers.known(index)
            if ofPicture, known == .acceptEncoding || isShared && known == .host { continue }
            key.append(lowercasing: .fieldName, name)
            if withoutAuthorization, known == .authorization { continue }
            if name.hasPrefixIgnoringCase("cloudfront-") {
                Self.appendGenerated(name, to: &key, generated, generatedBytes)
            } else {
                Self.appendValues(of: name, known, to: &key, head, bytes)
            }
        }
        guard withoutCookies || appendCookies(to: &key, head, bytes) else { return false }
        if !ofPicture,
            let coding = AcceptEncoding(head, bytes: bytes, codings: codings).keyValue
        {
            let text = unsafe UnsafeRawBufferPointer(
                start: coding.utf8Start, count: coding.utf8CodeUnitCount)
            key.append(.coding, unsafe text.bytes)
        }
        return !key.overflowed
    }

    /// `/a?` is `/a`: a query that comes to nothing leaves no part.
    private func appendQuery(
        to key: inout CanonicalKey, _ query: RawSpan, _ scratch: UnsafeMutableRawBufferPointer
    ) -> Bool {
        if query.byteCount == 0 || queryStrings.mode == .none { return true }
        if normalizesQuery { return unsafe appendNormalQuery(to: &key, query, scratch) }
        if queryStrings.takesWhole(query, dropsSignature: dropsSignature) {
            key.append(.query, query)
            return true
        }
        guard
            let count = unsafe queryStrings.writeQuery(
                query, dropsSignature: dropsSignature, into: scratch)
        else { return false }
        if count > 0 {
            key.append(.query, unsafe UnsafeRawBufferPointer(rebasing: scratch[..<count]).bytes)
        }
        return true
    }

    private func appendNormalQuery(
        to key: inout CanonicalKey, _ query: RawSpan, _ scratch: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard
            let count = unsafe queryStrings.writeNormalQuery(
                query, dropsSignature: dropsSignature, into: scratch)
        else { return false }
        if count > 0 {
            key.append(.query, unsafe UnsafeRawBufferPointer(rebasing: scratch[..<count]).bytes)
        }
        return true
    }

    /// The path that the key has of one that was sent. `scratch` has room for it.
    public func appendPath(
        _ path: RawSpan, to key: inout CanonicalKey, scratch: UnsafeMutableRawBufferPointer
    ) {
        if path.byteCount == 0 {
            key.append(.path, byte: UInt8(ascii: "/"))
        } else if normalizesPath, MatchPath.needsNormalizing(path),
            let count = unsafe MatchPath.write(path, into: scratch)
        {
            key.append(.path, unsafe UnsafeRawBufferPointer(rebasing: scratch[..<count]).bytes)
        } else {
            key.append(.path, path)
        }
    }

    /// All lines of the name, in their order; an absent field leaves none, so that it differs
    /// from an empty one. What the request's Connection takes away never reaches the origin, so it
    /// tells no answers apart.
    private static func appendValues(
        of name: RawSpan, _ known: KnownField, to key: inout CanonicalKey,
        _ head: borrowing RequestHead, _ bytes: RawSpan
    ) {
        // Of a viewer that speaks HTTP/1.0 it is not its own.
        if known == .acceptEncoding, head.minorVersion == 0 { return }
        if known != .other {
            var line = head.fields.first(known)
            while let at = line {
                if !head.isHopByHop(at, bytes: bytes) {
                    key.append(.fieldValue, bytes.extracting(head.fields[at].value.range))
                }
                line = head.fields.next(after: at, known)
            }
            return
        }
        for at in 0..<head.fields.count where head.fields[at].known == .other {
            let field = head.fields[at]
            if equalsIgnoringCase(bytes.extracting(field.name.range), name),
                !head.isHopByHop(at, bytes: bytes)
            {
                key.append(.fieldValue, bytes.extracting(field.value.range))
            }
        }
    }

    /// The same of what the edge made of the connection itself.
    private static func appendGenerated(
        _ name: RawSpan, to key: inout CanonicalKey, _ fields: borrowing HeaderTable,
        _ bytes: RawSpan
    ) {
        for at in 0..<fields.count
        where equalsIgnoringCase(bytes.extracting(fields[at].name.range), name) {
            key.append(.fieldValue, bytes.extracting(fields[at].value.range))
        }
    }

    private func appendCookies(
        to key: inout CanonicalKey, _ head: borrowing RequestHead, _ bytes: RawSpan
    ) -> Bool {
        if cookies.mode == .none || !head.fields.contains(.cookie) { return true }
        let selected = SelectedCookies(
            head, bytes: bytes, cookies, dropsSignature: dropsSignature)
        for index in 0..<selected.count {
            let cookie = selected[index]
            key.append(.cookieName, bytes.extracting(cookie.name.range))
            key.append(.cookieValue, bytes.extracting(cookie.value.range))
        }
        return !selected.overflowed
    }
}
