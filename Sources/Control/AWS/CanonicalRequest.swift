/// A request as AWS Signature Version 4 sees it: what two requests share only if they ask for the
/// same. Pure; both who signs and who verifies go by it.
///
/// Source: AWS IAM User Guide, "Create a signed AWS API request".
struct CanonicalRequest {
    var method: String
    /// Before the `?`, as sent; it is encoded a second time, which only S3 does without.
    var path: String
    /// Decoded.
    var parameters: [(name: String, value: String)] = []
    /// Names in any case.
    var headers: [(name: String, value: String)]
    /// SHA-256 of the body, in hexadecimal digits.
    var bodyDigest: String

    /// The text that is signed, for these headers.
    ///
    /// - Parameter names: in lower case and sorted.
    /// - Throws: the name of the first header that is missing.
    func text(signing names: [String]) throws(MissingHeader) -> String {
        let query =
            parameters
            .map { (percentEncoded($0.name), percentEncoded($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }.joined(separator: "&")
        var lines = [
            method, percentEncoded(normalPath, keepsSlash: true), query,
        ]
        for name in names {
            let values = headers.filter { $0.name.lowercased() == name }
            guard !values.isEmpty else { throw MissingHeader(name: name) }
            // Runs of spaces count as one.
            let words = values.map { $0.value.split(separator: " ").joined(separator: " ") }
            lines.append("\(name):\(words.joined(separator: ","))")
        }
        lines += ["", names.joined(separator: ";"), bodyDigest]
        return lines.joined(separator: "\n")
    }

    /// Without dot segments and empty ones, as every service but S3 has it.
    private var normalPath: String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." {
                _ = segments.popLast()
            } else {
                segments.append(segment)
            }
        }
        let isDirectory = path.hasSuffix("/") && !segments.isEmpty
        return "/" + segments.joined(separator: "/") + (isDirectory ? "/" : "")
    }

    struct MissingHeader: Error { var name: String }
}

/// RFC 3986: everything but unreserved characters.
func percentEncoded(_ text: String, keepsSlash: Bool = false) -> String {
    var result = ""
    for byte in text.utf8 {
        let isUnreserved =
            (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || "-._~".utf8.contains(byte)
            || keepsSlash && byte == UInt8(ascii: "/")
        if isUnreserved {
            result.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            result += "%" + hexadecimal([byte]).uppercased()
        }
    }
    return result
}

/// Two digits for each byte, in lower case.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
}
