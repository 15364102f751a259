import CloudFront
import HTTP

/// Any lines as values of Accept-Encoding: what they come to is what a slow and obvious reader of
/// CloudFront's table ("Compressed objects" under "Understand cache policies") says.
struct CodingProperty {
    static func faults(_ input: [UInt8]) -> [String] {
        let lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8)
        for line in lines { bytes += Array("Accept-Encoding:".utf8) + line + [13, 10] }
        bytes += [13, 10]
        var head = RequestHead()
        var scan = HeadScan()
        // What is no field value is another parser's matter.
        guard parseRequest(bytes.span.bytes, &scan, limits: .request, into: &head) == .complete
        else { return [] }
        var faults: [String] = []
        for codings in [Codings.gzip, .brotli, [.gzip, .brotli], []] {
            let made = AcceptEncoding(head, bytes: bytes.span.bytes, codings: codings)
            let expected = value(codings, lines.map { Array($0) })
            // Where commas and quotes mix readers differ; bounds are looked at all the same.
            if input.contains(UInt8(ascii: "\"")) { continue }
            if made.value.map({ "\($0)" }) != expected {
                faults.append("\(made) in place of \(expected ?? "none"), of \(codings.rawValue)")
            }
            let key = made.keyValue.map { "\($0)" }
            if key != (expected == "identity" ? nil : expected) {
                faults.append("\(key ?? "none") in the key")
            }
        }
        return faults
    }

    /// What goes to the origin; nil: no such field.
    private static func value(_ codings: Codings, _ lines: [[UInt8]]) -> String? {
        if codings.isEmpty { return nil }
        var names: [String] = []
        for line in lines {
            for member in line.split(separator: UInt8(ascii: ",")) {
                let parts = member.split(
                    separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count > 1, isRefused(Array(parts[1])) { continue }
                names.append(word(Array(parts[0])))
            }
        }
        let gzip = codings.contains(.gzip) && names.contains("gzip")
        let brotli = codings.contains(.brotli) && names.contains("br")
        return brotli ? (gzip ? "br,gzip" : "br") : gzip ? "gzip" : "identity"
    }

    /// `q=0`, with as many noughts as one likes.
    private static func isRefused(_ weight: [UInt8]) -> Bool {
        let parts = weight.split(
            separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, word(Array(parts[0])) == "q" else { return false }
        let number = word(Array(parts[1]))
        return !number.isEmpty && number.allSatisfy { $0 == "0" || $0 == "." }
    }

    /// Without white space around it, in small letters.
    private static func word(_ bytes: [UInt8]) -> String {
        let blanks: [UInt8] = [0x20, 0x09]
        let core = bytes.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }
        return String(decoding: core.reversed(), as: UTF8.self).lowercased()
    }
}
