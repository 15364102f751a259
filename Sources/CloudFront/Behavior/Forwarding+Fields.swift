public import HTTP

/// What becomes of a viewer's field on the way to the origin.
public enum FieldFate: Sendable, Equatable {
    case forwarded
    case removed
    /// The edge writes the field itself, from this one or without it: Host, User-Agent, Via,
    /// X-Forwarded-For, X-Amz-Cf-Id, Connection, Accept-Encoding, Cookie, the framing, and the
    /// CloudFront- fields.
    case setByEdge
}

extension Forwarding {
    /// The table of request headers, for one field of a viewer's request.
    ///
    /// Source: CloudFront, "HTTP request headers and CloudFront behavior".
    public func fate(of name: RawSpan, _ known: KnownField, method: Method) -> FieldFate {
        switch known {
        case .host: forwardsHost ? .forwarded : .setByEdge
        case .userAgent: forwardsUserAgent ? .forwarded : .setByEdge
        case .via, .xForwardedFor, .connection, .contentLength, .transferEncoding: .setByEdge
        case .cookie: forwardsCookies ? .setByEdge : .removed
        case .acceptEncoding: fateOfAcceptEncoding
        case .authorization: fateOfAuthorization(method)
        case .upgrade, .te, .trailer, .keepAlive, .xForwardedProto, .xRealIP: .removed
        case .contentType, .contentEncoding, .contentLanguage, .contentLocation, .contentRange,
            .range, .ifRange:
            // They say what the body is, or which part is meant: without them the request would
            // be another one.
            fateOfPart(name)
        case .ifNoneMatch, .ifModifiedSince, .ifMatch, .ifUnmodifiedSince:
            passesConditions ? .forwarded : fateOfUnlisted(name, known)
        case .accept, .acceptLanguage, .referer, .expect:
            selects(name) ? .forwarded : .removed
        case .other: fateOfOther(name)
        default: fateOfUnlisted(name, known)
        }
    }

    /// What is neither on the list of removed fields nor rewritten: passed on the older way,
    /// else only if chosen.
    private func fateOfUnlisted(_ name: RawSpan, _ known: KnownField) -> FieldFate {
        if known.isHopByHop { return .removed }
        return isLegacy || selects(name) ? .forwarded : .removed
    }

    /// On the older way nobody can name them.
    private func fateOfPart(_ name: RawSpan) -> FieldFate {
        passesOnlyNamed && !isLegacy && !selects(name) ? .removed : .forwarded
    }

    private var fateOfAcceptEncoding: FieldFate {
        if normalizesCodings { return .setByEdge }
        return selects(name: "accept-encoding") ? .forwarded : .removed
    }

    /// Taken from requests whose answers may be stored, unless it is in the key or all fields go.
    private func fateOfAuthorization(_ method: Method) -> FieldFate {
        let isStorable: Bool
        switch method {
        case .get, .head: isStorable = true
        case .options: isStorable = cachesOptions
        default: isStorable = false
        }
        return isStorable && !selects(name: "authorization") ? .removed : .forwarded
    }

    private func fateOfOther(_ name: RawSpan) -> FieldFate {
        if name.hasPrefixIgnoringCase("cloudfront-") {
            return addsCloudFrontHeader(name) ? .setByEdge : .removed
        }
        if name.hasPrefixIgnoringCase("x-amz-cf-") { return .setByEdge }
        if name.hasPrefixIgnoringCase("proxy-") || name.hasPrefixIgnoringCase("x-edge-") {
            return .removed
        }
        if equalsIgnoringCase(name, "content-md5") { return fateOfPart(name) }
        if equalsIgnoringCase(name, "accept-charset")
            || equalsIgnoringCase(name, "x-http-method-override")
        {
            return selects(name) ? .forwarded : .removed
        }
        return fateOfUnlisted(name, .other)
    }
}
