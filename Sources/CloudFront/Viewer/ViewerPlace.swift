/// Where a viewer is, beyond its country: each value may be unknown.
///
/// Source: CloudFront, "Add CloudFront request headers", viewer location headers.
public struct ViewerPlace: Sendable, Hashable {
    public enum Field: UInt8, Sendable, CaseIterable {
        case countryName, region, regionName, city, postalCode, timeZone, latitude, longitude
        case metroCode, asn

        /// The request field that tells it.
        public var header: StaticString {
            switch self {
            case .countryName: "CloudFront-Viewer-Country-Name"
            case .region: "CloudFront-Viewer-Country-Region"
            case .regionName: "CloudFront-Viewer-Country-Region-Name"
            case .city: "CloudFront-Viewer-City"
            case .postalCode: "CloudFront-Viewer-Postal-Code"
            case .timeZone: "CloudFront-Viewer-Time-Zone"
            case .latitude: "CloudFront-Viewer-Latitude"
            case .longitude: "CloudFront-Viewer-Longitude"
            case .metroCode: "CloudFront-Viewer-Metro-Code"
            case .asn: "CloudFront-Viewer-ASN"
            }
        }

        /// Whether a value has its form: codes and numbers their own, anything else printable
        /// ASCII, since it goes into a head as it is.
        func accepts(_ value: some Collection<UInt8>) -> Bool {
            guard (1...ViewerPlace.valueBytesMax).contains(value.count) else { return false }
            switch self {
            case .region:
                return value.count <= 3 && value.allSatisfy { isDigit($0) || isLetter($0) }
            case .metroCode, .asn:
                return value.count <= 10 && value.allSatisfy(isDigit)
            case .latitude: return isDegrees(value, integerDigits: 2)
            case .longitude: return isDegrees(value, integerDigits: 3)
            case .countryName, .regionName, .city, .postalCode, .timeZone:
                return value.allSatisfy { (0x20...0x7e).contains($0) }
            }
        }
    }

    /// Bytes that a single value may have.
    public static var valueBytesMax: Int { 128 }

    /// For each value the field's number, its length and its bytes.
    public private(set) var record: [UInt8] = []

    public init() {}

    /// False, and nothing changes, where the value has not its field's form or is there already.
    public mutating func add(_ field: Field, _ value: some Collection<UInt8>) -> Bool {
        guard field.accepts(value), !holds(field) else { return false }
        record.append(field.rawValue)
        record.append(UInt8(value.count))
        record.append(contentsOf: value)
        return true
    }

    private func holds(_ field: Field) -> Bool {
        var isHeld = false
        unsafe Self.forEach(in: record.span.bytes) { found, _ in
            isHeld = isHeld || found == field
        }
        return isHeld
    }

    /// Reads a ``record``. Allocates nothing.
    static func forEach(in record: RawSpan, _ body: (Field, RawSpan) -> Void) {
        var next = 0
        while next + 2 <= record.byteCount {
            let end = next + 2 + Int(record[next + 1])
            guard end <= record.byteCount, let field = Field(rawValue: record[next]) else { return }
            body(field, record.extracting(next + 2..<end))
            next = end
        }
    }
}

private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

private func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

/// A decimal number of degrees, such as `-33.8688`.
private func isDegrees(_ value: some Collection<UInt8>, integerDigits: Int) -> Bool {
    let digits = value.first == UInt8(ascii: "-") ? value.dropFirst() : value.dropFirst(0)
    let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return false }
    return parts[0].count <= integerDigits && parts.allSatisfy { $0.allSatisfy(isDigit) }
}
