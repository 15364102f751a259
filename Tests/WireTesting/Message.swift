/// A field line as it stood on the wire, the white space around its value taken off.
public struct Field: Equatable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// The head of a request or response: its first line and its fields, in order.
public struct Head: Sendable {
    /// The bytes up to and with the empty line.
    public var raw: [UInt8]
    public var startLine: String
    public var fields: [Field]

    /// Splits the bytes of a complete head. Lines must end in CRLF; anything else is `nil`.
    init?(_ raw: [UInt8]) {
        let text = String(decoding: raw, as: UTF8.self)
        guard text.hasSuffix("\r\n\r\n") else { return nil }
        var lines = text.unicodeScalars.split(separator: "\r\n")
        guard !lines.isEmpty else { return nil }
        self.raw = raw
        startLine = lines.removeFirst()
        fields = []
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            fields.append(
                Field(
                    name: String(line[..<colon]), value: trim(line[line.index(after: colon)...])))
        }
    }

    /// All values of a field, in order; names compare in any case.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The field's value with several lines combined; nil if it is absent.
    public subscript(_ name: String) -> String? {
        let values = values(name)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}

/// A response as a viewer got it.
public struct Response: Sendable {
    public var head: Head
    public var status: Int
    /// The body without its framing.
    public var body: [UInt8]
    public var isChunked = false
    /// Fields behind the last chunk.
    public var trailers: [Field] = []
    /// The 1xx heads that came first.
    public var interim: [Head] = []
    /// The connection ended before the framing said so.
    public var isCut = false

    public var text: String { String(decoding: body, as: UTF8.self) }

    public subscript(_ name: String) -> String? { head[name] }
}

/// A request as an origin got it.
public struct Request: Sendable {
    public var head: Head
    public var method: String
    public var target: String
    public var version: String
    /// The first mebibyte of the body, without its framing.
    public var body: [UInt8] = []
    public var bodyCount = 0
    /// The whole body is the pattern that `Pattern` tells.
    public var isPattern = true
    public var isChunked = false
    public var trailers: [Field] = []
    /// Which of the origin's connections it came on, counted from 0.
    public var connection: Int
    /// The body did not arrive whole.
    public var isCut = false

    public var text: String { String(decoding: body, as: UTF8.self) }

    public subscript(_ name: String) -> String? { head[name] }
}

/// The text without spaces and tabs at its ends.
func trim(_ text: Substring) -> String {
    var text = text
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    return String(text)
}

extension String.UnicodeScalarView {
    /// Splits at a separator of several scalars: CRLF is one `Character` but two scalars.
    fileprivate func split(separator: String) -> [String] {
        let separator = Array(separator.unicodeScalars)
        var parts: [String] = []
        var part = String.UnicodeScalarView()
        for scalar in self {
            part.append(scalar)
            if part.suffix(separator.count).elementsEqual(separator) {
                parts.append(String(String.UnicodeScalarView(part.dropLast(separator.count))))
                part = String.UnicodeScalarView()
            }
        }
        if !part.isEmpty { parts.append(String(part)) }
        return parts
    }
}
