import HTTP

/// What became of one request head given to the parser.
struct ParsedRequest {
    let bytes: [UInt8]
    var result: HeadResult
    var head: RequestHead

    func text(_ slice: ByteSlice) -> String { String(decoding: bytes[slice.range], as: UTF8.self) }

    /// The head as `Name=value` lines, to compare two parses.
    var fields: [String] {
        (0..<head.fields.count).map {
            "\(text(head.fields[$0].name))=\(text(head.fields[$0].value))"
        }
    }

    var isComplete: Bool { result == .complete }

    var rejection: HeadRejection? {
        if case .rejected(let rejection) = result { rejection } else { nil }
    }
}

/// Parses a request that arrives whole.
func parse(_ bytes: [UInt8], limits: HeadLimits = .request) -> ParsedRequest {
    var parsed = ParsedRequest(bytes: bytes, result: .needMore, head: RequestHead())
    var scan = HeadScan()
    bytes.withUnsafeBytes {
        parsed.result = parseRequest($0.bytes, &scan, limits: limits, into: &parsed.head)
    }
    return parsed
}

func parse(_ text: String, limits: HeadLimits = .request) -> ParsedRequest {
    parse(Array(text.utf8), limits: limits)
}

/// Parses a request that arrives in pieces ending at the given offsets, and then to its end.
func parse(
    _ bytes: [UInt8], endingAt ends: some Sequence<Int>, limits: HeadLimits = .request
) -> ParsedRequest {
    var parsed = ParsedRequest(bytes: bytes, result: .needMore, head: RequestHead())
    var scan = HeadScan()
    for end in Array(ends) + [bytes.count] {
        // Another message may use the same head while this one waits for its bytes.
        parsed.head = RequestHead()
        bytes[..<end].withUnsafeBytes {
            parsed.result = parseRequest($0.bytes, &scan, limits: limits, into: &parsed.head)
        }
        if parsed.result != .needMore { break }
    }
    return parsed
}

/// What became of one response head given to the parser.
struct ParsedResponse {
    let bytes: [UInt8]
    var result: HeadResult
    var head: ResponseHead

    func text(_ slice: ByteSlice) -> String { String(decoding: bytes[slice.range], as: UTF8.self) }

    var isComplete: Bool { result == .complete }

    var rejection: HeadRejection? {
        if case .rejected(let rejection) = result { rejection } else { nil }
    }
}

func parseAnswer(
    _ bytes: [UInt8], toHead: Bool = false, endingAt ends: some Sequence<Int> = [],
    limits: HeadLimits = .response
) -> ParsedResponse {
    var parsed = ParsedResponse(bytes: bytes, result: .needMore, head: ResponseHead())
    var scan = HeadScan()
    for end in Array(ends) + [bytes.count] {
        bytes[..<end].withUnsafeBytes {
            parsed.result = parseResponse(
                $0.bytes, &scan, limits: limits, toHead: toHead, into: &parsed.head)
        }
        if parsed.result != .needMore { break }
    }
    return parsed
}

func parseAnswer(_ text: String, toHead: Bool = false) -> ParsedResponse {
    parseAnswer(Array(text.utf8), toHead: toHead, endingAt: [])
}

/// A request with the given field lines (each without CRLF) besides Host.
func get(_ lines: String..., target: String = "/", version: String = "1.1") -> String {
    let head = "GET \(target) HTTP/\(version)\r\nHost: a.example\r\n"
    return head + lines.map { $0 + "\r\n" }.joined() + "\r\n"
}

/// A POST with the given field lines besides Host.
func post(_ lines: String..., version: String = "1.1") -> String {
    let head = "POST /save HTTP/\(version)\r\nHost: a.example\r\n"
    return head + lines.map { $0 + "\r\n" }.joined() + "\r\n"
}

/// A 200 with the given field lines.
func answer(_ lines: String..., status: String = "200 OK", version: String = "1.1") -> String {
    "HTTP/\(version) \(status)\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
}

/// Calls `body` with the text's bytes.
func withSpan<Result>(_ text: String, _ body: (RawSpan) -> Result) -> Result {
    Array(text.utf8).withUnsafeBytes { body($0.bytes) }
}

extension String {
    /// The bytes in which each character up to U+00FF is one byte.
    var latin1: [UInt8] { unicodeScalars.map { UInt8($0.value) } }
}
