/// The fields of a standard access log, version 1, in their order.
///
/// Source: CloudFront, "Standard log file fields".
public enum LogField: Int, Sendable, CaseIterable {
    case date, time, edgeLocation, bytesSent, viewerAddress, method, distributionDomain, uriStem
    case status, referer, userAgent, uriQuery, cookie, resultType, requestID, hostHeader
    case protocolName, bytesReceived, timeTaken, forwardedFor, sslProtocol, sslCipher
    case responseResultType, protocolVersion, fleStatus, fleEncryptedFields, viewerPort
    case timeToFirstByte, detailedResultType, contentType, contentLength, rangeStart, rangeEnd

    /// The name in the `#Fields` line.
    public var name: String { Self.names[rawValue] }

    /// The field of that name.
    public init?(name: String) {
        guard let index = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: index)
    }

    private static let names = [
        "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)",
        "cs-uri-stem", "sc-status", "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)",
        "x-edge-result-type", "x-edge-request-id", "x-host-header", "cs-protocol", "cs-bytes",
        "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
        "x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields",
        "c-port", "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type",
        "sc-content-len", "sc-range-start", "sc-range-end",
    ]

    /// The two lines that begin a file: names are separated by one space, records by tabs.
    public static let header =
        "#Version: 1.0\n#Fields: " + names.joined(separator: " ") + "\n"
}

/// Why a request ended as it did, where `x-edge-result-type` is Error.
///
/// Source: CloudFront, "Standard log file fields", `x-edge-detailed-result-type`.
public enum DetailedResultType: String, Sendable, CaseIterable {
    case abortedOrigin = "AbortedOrigin"
    case clientCommError = "ClientCommError"
    case clientGeoBlocked = "ClientGeoBlocked"
    case clientHungUpRequest = "ClientHungUpRequest"
    case error = "Error"
    case invalidRequest = "InvalidRequest"
    case invalidRequestBlocked = "InvalidRequestBlocked"
    case invalidRequestCertificate = "InvalidRequestCertificate"
    case invalidRequestHeader = "InvalidRequestHeader"
    case invalidRequestMethod = "InvalidRequestMethod"
    case originCommError = "OriginCommError"
    case originConnectError = "OriginConnectError"
    case originContentRangeLengthError = "OriginContentRangeLengthError"
    case originDnsError = "OriginDnsError"
    case originError = "OriginError"
    case originHeaderTooBigError = "OriginHeaderTooBigError"
    case originInvalidResponseError = "OriginInvalidResponseError"
    case originReadError = "OriginReadError"
    case originWriteError = "OriginWriteError"
    case originZeroSizeObjectError = "OriginZeroSizeObjectError"
    case slowReaderOriginError = "SlowReaderOriginError"
}
