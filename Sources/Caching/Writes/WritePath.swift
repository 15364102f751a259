import HTTP

/// The path of a request as its server reads it: decoded segments, without their parameters, and
/// without what `.` and `..` take away.
struct WritePath {
    var segments: [Substring]

    init(_ path: RawSpan) {
        var bytes: [UInt8] = []
        var at = 0
        while at < path.byteCount {
            let (byte, width) = PercentCoding.decoded(path, at: at)
            bytes.append(byte)
            at += width
        }
        let text = String(decoding: bytes, as: UTF8.self)
        segments = []
        for segment in text.split(whereSeparator: { $0 == "/" || $0 == "\\" }) {
            let name = segment.prefix { $0 != ";" }
            if name == ".." {
                _ = segments.popLast()
            } else if name != ".", !name.isEmpty {
                segments.append(name)
            }
        }
    }

    /// What follows the first segment of that name; nil if there is none.
    func behind(_ name: String) -> [Substring]? {
        guard let index = segments.firstIndex(where: { $0 == name }) else { return nil }
        return Array(segments[(index + 1)...])
    }

    /// The segments of a REST resource: the last without the ending that names its format, which
    /// further up is part of a name.
    static func resource(_ segments: [Substring]) -> [String] {
        segments.dropLast().map { String($0) } + (segments.last.map { [$0.withoutFormat] } ?? [])
    }

    var text: String { "/" + segments.joined(separator: "/") }
}

extension Substring {
    /// The name without the ending that says in which format a REST resource is exchanged.
    var withoutFormat: String {
        for ending in [".xml", ".json", ".html", ".sld", ".css", ".zip", ".yaml", ".ysld", ".txt"]
        where hasSuffix(ending) && utf8.count > ending.utf8.count {
            return String(dropLast(ending.count))
        }
        return String(self)
    }
}

/// The value of the first parameter of a name, decoded; nil if there is none.
func parameterValue(_ name: StaticString, in query: RawSpan) -> String? {
    guard let parameter = QueryParameters.first(name, in: query) else { return nil }
    return decodedText(query.extracting(valueWithoutBlanks(parameter.value, in: query)))
}

/// A value without the blanks and control characters at its ends, which GeoServer takes for no
/// part of it (`KvpUtils.normalize`).
func valueWithoutBlanks(_ value: Range<Int>, in query: RawSpan) -> Range<Int> {
    func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == UInt8(ascii: "+") }
    func escaped(_ at: Int) -> UInt8? {
        guard at >= value.lowerBound, at + 3 <= value.upperBound else { return nil }
        let (byte, width) = PercentCoding.decoded(query, at: at)
        return width == 3 ? byte : nil
    }
    var (start, end) = (value.lowerBound, value.upperBound)
    while start < end {
        if isBlank(query[start]) {
            start += 1
        } else if let byte = escaped(start), byte <= 0x20 {
            start += 3
        } else {
            break
        }
    }
    while start < end {
        if isBlank(query[end - 1]) {
            end -= 1
        } else if end - 3 >= start, let byte = escaped(end - 3), byte <= 0x20 {
            end -= 3
        } else {
            break
        }
    }
    return start..<end
}

/// Text of a query: with `%xx` decoded and `+` taken for a blank.
func decodedText(_ text: RawSpan) -> String {
    var bytes: [UInt8] = []
    var at = 0
    while at < text.byteCount {
        let (byte, width) = PercentCoding.decoded(text, at: at)
        bytes.append(width == 1 && byte == UInt8(ascii: "+") ? 0x20 : byte)
        at += width
    }
    return String(decoding: bytes, as: UTF8.self)
}
