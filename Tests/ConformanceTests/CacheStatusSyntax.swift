/// What is wrong with a Cache-Status field, nil if nothing is: a list of names, each with
/// parameters of the types that RFC 9211 §2 gives them.
///
/// Reads as RFC 8941 §4.2 does, with as little as that field needs.
func cacheStatusProblem(_ lines: [String]) -> String? {
    guard !lines.isEmpty else { return "no Cache-Status" }
    var reader = Reader(Array(lines.joined(separator: ", ").utf8))
    do {
        try reader.list()
        return nil
    } catch {
        return "Cache-Status: \(error.words) in \(lines)"
    }
}

private struct SyntaxError: Error { var words: String }

private struct Reader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func list() throws(SyntaxError) {
        while true {
            try member()
            skipSpace()
            guard next != nil else { return }
            guard take(",") else { throw SyntaxError(words: "no comma at byte \(at)") }
            skipSpace()
        }
    }

    private mutating func member() throws(SyntaxError) {
        if next == UInt8(ascii: "\"") { try string() } else { _ = try token() }
        var hasHit = false
        var hasForward = false
        while take(";") {
            skipSpace()
            let name = try key()
            switch name {
            case "hit", "stored", "collapsed": try boolean()
            case "ttl", "fwd-status": try integer()
            case "fwd":
                guard take("=") else { throw SyntaxError(words: "fwd has no value") }
                try forwardReason()
            default: try anyValue()
            }
            if name == "hit" { hasHit = true }
            if name == "fwd" { hasForward = true }
        }
        // RFC 9211 §2.2: fwd and hit exclude each other.
        if hasHit, hasForward { throw SyntaxError(words: "hit and fwd at once") }
    }

    private mutating func forwardReason() throws(SyntaxError) {
        let reasons = [
            "bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale", "partial",
        ]
        let reason = try token()
        guard reasons.contains(reason) else { throw SyntaxError(words: "fwd=\(reason)") }
    }

    private mutating func boolean() throws(SyntaxError) {
        guard take("=") else { return }
        guard take("?"), take("0") || take("1") else { throw SyntaxError(words: "no boolean") }
    }

    private mutating func integer() throws(SyntaxError) {
        guard take("=") else { throw SyntaxError(words: "no value") }
        _ = take("-")
        let start = at
        while let byte = next, byte &- 0x30 < 10 { at += 1 }
        guard 1...15 ~= at - start else { throw SyntaxError(words: "no integer") }
    }

    private mutating func anyValue() throws(SyntaxError) {
        guard take("=") else { return }
        if next == UInt8(ascii: "\"") {
            try string()
        } else if let byte = next, byte &- 0x30 < 10 || byte == UInt8(ascii: "-") {
            at -= 1
            try integer()
        } else {
            _ = try token()
        }
    }

    private mutating func string() throws(SyntaxError) {
        at += 1
        while let byte = next {
            at += 1
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\") { at += 1 }
            guard 0x20..<0x7F ~= byte else { throw SyntaxError(words: "a control in a string") }
        }
        throw SyntaxError(words: "an open string")
    }

    private mutating func token() throws(SyntaxError) -> String {
        let start = at
        let others = Array(":/!#$%&'*+-.^_`|~".utf8)
        while let byte = next, isLetter(byte) || byte &- 0x30 < 10 || others.contains(byte) {
            at += 1
        }
        guard at > start, isLetter(bytes[start]) || bytes[start] == UInt8(ascii: "*") else {
            throw SyntaxError(words: "no token at byte \(start)")
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func key() throws(SyntaxError) -> String {
        let start = at
        while let byte = next, byte &- 0x61 < 26 || byte &- 0x30 < 10 || "_-.*".utf8.contains(byte)
        {
            at += 1
        }
        guard at > start else { throw SyntaxError(words: "no key at byte \(start)") }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while next == 0x20 || next == 0x09 { at += 1 }
    }
}
