import Caching
import HTTP
import Testing

@testable import CloudFront

/// JSON as the AWS CLI prints it, with lines and columns.
func json(_ text: String) -> ConfigNode {
    do {
        return try StrictJSON.read(Array(text.utf8))
    } catch {
        Issue.record("the test's JSON is malformed")
        return ConfigNode(.null)
    }
}

/// Findings as one line each: kind, line, message.
func lines(_ findings: [ConfigFinding], _ kind: ConfigFinding.Kind? = nil) -> [String] {
    findings.filter { kind == nil || $0.kind == kind }.map { "\($0.line): \($0.message)" }
}

/// A request parsed as the edge parses it.
struct Ask {
    let bytes: [UInt8]
    let head: RequestHead

    init(
        _ target: String = "/a", _ fields: String..., method: String = "GET",
        host: String = "example.org", version: Int = 1
    ) {
        self.init(target, fields: fields, method: method, host: host, version: version)
    }

    init(
        _ target: String = "/a", fields: [String], method: String = "GET",
        host: String = "example.org", version: Int = 1
    ) {
        let lines = ["\(method) \(target) HTTP/1.\(version)", "Host: \(host)"] + fields
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        var scan = HeadScan()
        var head = RequestHead()
        let result = parseRequest(bytes.span.bytes, &scan, limits: .request, into: &head)
        #expect(result == .complete)
        self.bytes = bytes
        self.head = head
    }
}

/// What `write` leaves in `capacity` bytes; nil when it says that they do not suffice.
func filled(
    _ capacity: Int = 4_096, _ write: (UnsafeMutableRawBufferPointer) -> Int?
) -> String? {
    var fits = true
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
        let written = write(UnsafeMutableRawBufferPointer(memory))
        fits = written != nil
        count = written ?? 0
    }
    return fits ? String(decoding: bytes, as: UTF8.self) : nil
}

/// What `write` leaves in a head.
func written(_ capacity: Int = 4_096, _ write: (inout HeadWriter) -> Void) -> String {
    filled(capacity) {
        var writer = HeadWriter($0)
        write(&writer)
        return writer.count
    } ?? ""
}

extension String {
    /// Calls `body` with the text's bytes.
    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        let bytes = Array(utf8)
        return body(bytes.span.bytes)
    }
}

extension InvalidationPath {
    /// An index with this item alone.
    private var index: InvalidationIndex {
        var index = InvalidationIndex()
        if let rule = InvalidationRule(self, tagField: Array("tags".utf8)) {
            index.insert(rule, number: 1)
        }
        return index
    }

    /// Whether the edge takes a response with such a path and query in its key for invalidated.
    func reaches(_ path: String, _ query: String) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 8) { memory in
            var key = CanonicalKey(memory)
            key.append(.methodClass, byte: UInt8(ascii: "G"))
            "e.org".withBytes { key.append(host: $0) }
            path.withBytes { key.append(.path, $0) }
            if !query.isEmpty { query.withBytes { key.append(.query, $0) } }
            let bytes = [UInt8](key.bytes)
            return index.number(of: bytes.span.bytes) > 0
        }
    }

    /// The same of a response with a field `Tags` of that value.
    func reaches(tags value: String) -> Bool {
        "Tags: \(value)\r\n".withBytes { index.numbers(ofTagsIn: $0).dead > 0 }
    }
}
