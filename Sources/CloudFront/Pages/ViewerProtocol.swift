public import HTTP

/// What a behavior's viewer protocol policy makes of a request.
///
/// Source: CloudFront, "Require HTTPS for communication between viewers and CloudFront".
public enum ViewerProtocolVerdict: Sendable, Equatable {
    case passes
    /// To the same URL with https, with this status.
    case redirects(Int)
    /// 403.
    case refuses
}

extension CacheBehavior.ViewerProtocolPolicy {
    /// Old clients cannot be made to repeat a body, so that they are refused.
    public func verdict(
        usesTLS: Bool, method: Method, minorVersion: UInt8
    ) -> ViewerProtocolVerdict {
        if usesTLS { return .passes }
        switch self {
        case .allowAll: return .passes
        case .httpsOnly: return .refuses
        case .redirectToHTTPS:
            if method == .get || method == .head { return .redirects(301) }
            return minorVersion >= 1 ? .redirects(307) : .refuses
        }
    }
}

/// CloudFront's page behind a redirect to https, byte for byte.
public enum RedirectPage {
    public static var contentType: StaticString { "text/html" }

    /// Of status 301, 167 bytes; for 307, whose page is not known, in the same manner.
    public static func body(_ status: Int) -> StaticString {
        if status == 301 {
            return """
                <html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n\
                <center><h1>301 Moved Permanently</h1></center>\r\n<hr><center>CloudFront</center>\
                \r\n</body>\r\n</html>\r\n
                """
        }
        return """
            <html>\r\n<head><title>307 Temporary Redirect</title></head>\r\n<body>\r\n\
            <center><h1>307 Temporary Redirect</h1></center>\r\n<hr><center>CloudFront</center>\
            \r\n</body>\r\n</html>\r\n
            """
    }

    /// Writes the value of Location: `https://host/path?query`, the request's own, without a port.
    public static func writeLocation(
        _ head: borrowing RequestHead, bytes: RawSpan, to writer: inout HeadWriter
    ) {
        let authority = bytes.extracting(head.authority.range)
        // An IPv6 address has colons inside its brackets.
        let bracket = authority.index(of: UInt8(ascii: "]"), from: 0) ?? 0
        let end = authority.index(of: UInt8(ascii: ":"), from: bracket) ?? authority.byteCount
        writer.append("https://")
        writer.append(authority.extracting(0..<end))
        writer.append(bytes.extracting(head.path.range))
        if head.hasQuery {
            writer.append("?")
            writer.append(bytes.extracting(head.query.range))
        }
    }
}
