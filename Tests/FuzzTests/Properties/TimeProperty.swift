import Tiles

/// Any text as a value of TIME: in its normal form it means the same, to the reader of keys and to
/// the reader of spans.
struct TimeProperty {
    static func faults(_ input: [UInt8]) -> [String] {
        let text = String(decoding: input, as: UTF8.self)
        var faults: [String] = []
        if let span = TimeSpan(text) {
            if !span.overlaps(span) { faults.append("\(text) does not overlap itself") }
            if TimeSpan("\(text),\(text)") != span { faults.append("\(text) twice is another") }
        }
        let first = key(ofTime: Array(text.utf8))
        guard let first, let kept = value(in: first) else { return faults }
        let again = key(ofTime: kept)
        if again != first {
            faults.append(
                "\(text) is kept as \(String(decoding: kept, as: UTF8.self)), which is another")
        }
        let normal = String(decoding: kept, as: UTF8.self)
        if let before = TimeSpan(text), !keeps(before, of: text, in: normal) {
            faults.append("\(text) is kept as \(normal), which is at another time")
        }
        return faults
    }

    /// A second is kept as the instant at which it begins; all else is at the same time.
    private static func keeps(_ span: TimeSpan, of text: String, in normal: String) -> Bool {
        guard let found = TimeSpan(normal) else { return false }
        return found == span || normal.contains(".000Z") && TimeSpan("\(text),\(normal)") == span
    }

    /// The key of a tile at that time.
    private static func key(ofTime time: [UInt8]) -> [UInt8]? {
        let escaped = time.map { byte -> String in
            "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        let path = Array("/geoserver/wms".utf8)
        let query = Array(
            ("SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&STYLES=&SRS=EPSG:4326"
                + "&BBOX=0,0,45,45&WIDTH=256&HEIGHT=256&FORMAT=image/png&TIME=\(escaped)").utf8)
        let room = TileRequest.keyCapacity(path: path.span.bytes, query: query.span.bytes)
        var memory = [UInt8](repeating: 0, count: room)
        let outcome = memory.withUnsafeMutableBytes {
            TileRequest.normalise(
                path: path.span.bytes, query: query.span.bytes, services: .standard, key: $0)
        }
        guard case .request(let request) = outcome, request.bypass == nil else { return nil }
        return Array(memory[..<request.keyLength])
    }

    /// The value of TIME in a key, decoded.
    private static func value(in key: [UInt8]) -> [UInt8]? {
        let mark = Array("&TIME=".utf8)
        guard let found = key.firstRange(of: mark) else { return nil }
        var rest = key[found.upperBound...].prefix { $0 != UInt8(ascii: "&") }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
