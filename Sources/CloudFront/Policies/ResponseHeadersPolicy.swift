import HTTP

/// What is added to and taken from responses on their way to the viewer; lifetimes are not
/// touched by it.
///
/// Source: CloudFront, "Understand response headers policies".
public struct ResponseHeadersPolicy: Sendable, Equatable {
    /// "" where the document has none.
    public var id: String
    public var name: String
    public var comment = ""
    public var cors: CORS?
    /// Likewise the others: in the order in which they are added.
    public var securityHeaders: [AddedHeader] = []
    public var customHeaders: [AddedHeader] = []
    /// Taken from the response before anything is added.
    public var removedHeaders = NameList([], matching: .ignoringCase)
    /// How many of a million responses get Server-Timing; nil: none, not even on request.
    public var serverTimingPerMillion: Int?

    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }

    /// One field that is added.
    public struct AddedHeader: Sendable, Equatable {
        public let name: String
        public let value: String
        /// Replaces what the origin sent; else the origin's field stays and this one is not added.
        public let overridesOrigin: Bool
        /// `Name: value` and CRLF.
        public let line: [UInt8]

        public init(_ name: String, _ value: String, overridesOrigin: Bool) {
            self.name = name
            self.value = value
            self.overridesOrigin = overridesOrigin
            line = Array("\(name): \(value)\r\n".utf8)
        }

        func isNamed(_ other: RawSpan) -> Bool {
            let name = unsafe line.span.bytes.extracting(0..<name.utf8.count)
            return equalsIgnoringCase(name, other)
        }
    }

    /// Whether the request wants the Server-Timing field whatever the sampling rate is.
    ///
    /// Source: CloudFront, "Server-Timing header": `Pragma: server-timing`.
    public static func asksForServerTiming(pragma: RawSpan) -> Bool {
        equalsIgnoringCase(pragma, "server-timing")
    }
}
