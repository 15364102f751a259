/// Why a message head is refused: one case per rule, so that log, counter and error page agree.
public enum HeadRejection: UInt8, Error, CaseIterable, Sendable {
    // The lines (RFC 9112 §2.2, RFC 9110 §5.5).
    case bareLineFeed, bareCarriageReturn, controlCharacter, emptyLine, headTooLarge
    // The request line (RFC 9112 §3).
    case requestLineMalformed, methodMalformed, methodNotAllowed, versionMalformed
    case versionUnsupported, targetTooLong, targetMalformed, targetFormUnknown
    case targetSchemeUnknown, pathEscapeMalformed, pathLeavesRoot
    // The field lines (RFC 9112 §5).
    case foldedLine, colonMissing, fieldNameEmpty, fieldNameMalformed, fieldNameTooLong
    case spaceBeforeColon, tooManyFields
    // The authority (RFC 9112 §3.2).
    case hostMissing, hostRepeated, hostMalformed
    // The framing of the body (RFC 9112 §6).
    case contentLengthMalformed, contentLengthRepeated, lengthWithTransferEncoding
    case transferEncodingMalformed, transferEncodingUnknown, transferEncodingInHTTP10
    // The connection (RFC 9110 §7.6.1 and §10.1.1).
    case connectionMalformed, connectionNamesEndToEnd, expectationUnknown
    // Responses only (RFC 9112 §4 and §6.3).
    case statusLineMalformed, bodyNotAllowed

    /// The status to answer a request with; 502 for what only an origin can do wrong.
    ///
    /// A rejected response is 502 to the viewer whatever this says.
    public var status: Int {
        switch self {
        case .methodNotAllowed: 405
        case .targetTooLong: 414
        case .expectationUnknown: 417
        case .headTooLarge, .tooManyFields: 431
        case .transferEncodingUnknown: 501
        case .statusLineMalformed, .bodyNotAllowed: 502
        case .versionUnsupported: 505
        default: 400
        }
    }

    /// Whether it is about a field, rather than about the request line or what ends lines.
    public var isAboutField: Bool {
        switch self {
        case .foldedLine, .colonMissing, .fieldNameEmpty, .fieldNameMalformed, .fieldNameTooLong,
            .spaceBeforeColon, .tooManyFields, .headTooLarge, .hostMissing, .hostRepeated,
            .hostMalformed, .contentLengthMalformed, .contentLengthRepeated,
            .lengthWithTransferEncoding, .transferEncodingMalformed, .transferEncodingUnknown,
            .transferEncodingInHTTP10, .connectionMalformed, .connectionNamesEndToEnd,
            .expectationUnknown:
            true
        default: false
        }
    }
}
