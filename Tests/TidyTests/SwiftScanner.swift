/// Blanks out comments and what stands in quotes, so that rules look at code alone.
///
/// Knows nested comments, texts over several lines, raw texts and interpolations, which are code
/// again. It does not know regex literals; the house has none.
struct SwiftScanner {
    private let bytes: [UInt8]
    private var at = 0
    private var output: [UInt8] = []

    /// `text` with the same lines and columns, quoted and commented bytes as spaces.
    static func code(of text: String) -> String {
        var scanner = SwiftScanner(bytes: Array(text.utf8))
        scanner.scanCode(until: nil)
        return String(decoding: scanner.output, as: UTF8.self)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        output.reserveCapacity(bytes.count)
    }

    private func sees(_ text: String) -> Bool { bytes[at...].starts(with: text.utf8) }

    private mutating func keep() {
        output.append(bytes[at])
        at += 1
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<min(count, bytes.count - at) {
            output.append(bytes[at] == UInt8(ascii: "\n") ? bytes[at] : UInt8(ascii: " "))
            at += 1
        }
    }

    /// Up to the end, or to the parenthesis that closes an interpolation.
    private mutating func scanCode(until closing: UInt8?) {
        var depth = 0
        while at < bytes.count {
            if sees("//") {
                while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { blank() }
            } else if sees("/*") {
                scanComment()
            } else if bytes[at] == UInt8(ascii: "\"") || startsRawText() {
                scanText()
            } else {
                if closing != nil, bytes[at] == UInt8(ascii: "(") { depth += 1 }
                if bytes[at] == closing {
                    if depth == 0 { return }
                    depth -= 1
                }
                keep()
            }
        }
    }

    private mutating func scanComment() {
        var depth = 0
        repeat {
            if sees("/*") {
                depth += 1
                blank(2)
            } else if sees("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && at < bytes.count
    }

    private func startsRawText() -> Bool {
        guard bytes[at] == UInt8(ascii: "#") else { return false }
        return bytes[at...].first { $0 != UInt8(ascii: "#") } == UInt8(ascii: "\"")
    }

    private mutating func scanText() {
        let marks = bytes[at...].prefix { $0 == UInt8(ascii: "#") }.count
        blank(marks)
        let hashes = String(repeating: "#", count: marks)
        let quote = sees("\"\"\"") ? "\"\"\"" : "\""
        blank(quote.utf8.count)
        while at < bytes.count, !sees(quote + hashes) {
            if sees("\\\(hashes)(") {
                blank(marks + 2)
                scanCode(until: UInt8(ascii: ")"))
                blank()
            } else if marks == 0, bytes[at] == UInt8(ascii: "\\") {
                blank(2)
            } else {
                blank()
            }
        }
        blank(quote.utf8.count + marks)
    }
}
