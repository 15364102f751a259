public import HTTP

/// A request to the control API, as it was received.
public struct APIRequest: Sendable {
    /// How the answer names it to the client and the log: a UUID.
    public var id: String
    public var method: HTTP.Method
    /// Before the `?`, not decoded.
    public var path: String
    /// Behind the `?`, not decoded; "" without one.
    public var query: String
    /// Field lines in the order received; names in any case.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(
        id: String, method: HTTP.Method, path: String, query: String = "",
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The value of the first field of that name; nil without one.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    /// The decoded value of a query parameter; "" if it has none, nil if it is absent.
    func parameter(_ name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }

    /// The query's parameters, decoded, in their order.
    var parameters: [(name: String, value: String)] { queryParameters(query) }

    /// What lies between the slashes, decoded.
    var pathSegments: [String] { path.split(separator: "/").map(percentDecoded) }
}

/// An answer of the control API.
public struct APIResponse: Sendable {
    public var status: Int
    /// Without those that every HTTP message has, such as Content-Length.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    /// The value of the field of that name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

/// A query's parameters, decoded, in their order.
func queryParameters(_ query: String) -> [(name: String, value: String)] {
    query.split(separator: "&").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (percentDecoded(parts[0]), parts.count > 1 ? percentDecoded(parts[1]) : "")
    }
}

/// Text without its percent-encoding; `+` stands for itself, as in what AWS's tools send.
func percentDecoded(_ text: some StringProtocol) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var at = 0
    while at < bytes.count {
        let (byte, width) = unsafe PercentCoding.decoded(bytes.span.bytes, at: at)
        decoded.append(byte)
        at += width
    }
    return String(decoding: decoded, as: UTF8.self)
}
