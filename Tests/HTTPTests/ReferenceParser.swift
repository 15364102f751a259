/// A request parser that is slow and obvious: it cuts the text into lines and parts and compares
/// them with the grammar. Only for comparison with the real one, which must accept exactly the
/// same heads and read the same out of them.
struct ReferenceRequest: Equatable {
    var method = ""
    var target = ""
    var path = ""
    var query: String?
    var authority = ""
    var fields: [String] = []
    var body = ""
    var keepsAlive = false
    var length = 0

    /// nil when the head is refused or not complete.
    init?(_ bytes: [UInt8]) {
        var start = 0
        if bytes.starts(with: [13, 10]) { start = 2 }
        guard let end = Self.endOfHead(bytes, start), end <= 32_768 else { return nil }
        length = end
        let head = String(
            String.UnicodeScalarView(bytes[start..<(end - 4)].map { Unicode.Scalar($0) }))
        // As scalars: to String, CR LF is one character.
        let scalars = Array(head.unicodeScalars)
        let lines = Self.split(scalars)
        for line in lines {
            for scalar in line where scalar.value < 32 && scalar != "\t" || scalar.value == 127 {
                return nil
            }
        }
        guard lines.count <= 101, !lines[0].isEmpty,
            let minor = readStartLine(lines[0].map { Character($0) })
        else { return nil }
        for line in lines.dropFirst() {
            guard readField(String(String.UnicodeScalarView(line))) else { return nil }
        }
        guard readAuthority(minor), readFraming(minor), readConnection(minor) else { return nil }
    }

    private static func endOfHead(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard bytes.count >= start + 4 else { return nil }
        for at in start...(bytes.count - 4) where bytes[at..<(at + 4)] == [13, 10, 13, 10] {
            return at + 4
        }
        return nil
    }

    private static func split(_ scalars: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var at = 0
        while at < scalars.count {
            if scalars[at] == "\r", at + 1 < scalars.count, scalars[at + 1] == "\n" {
                lines.append([])
                at += 2
            } else {
                lines[lines.count - 1].append(scalars[at])
                at += 1
            }
        }
        return lines
    }

    static let tchars = Set(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    static func isToken(_ text: some Collection<Character>) -> Bool {
        !text.isEmpty && text.allSatisfy { tchars.contains($0) }
    }

    static func trim(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }

    private mutating func readStartLine(_ line: [Character]) -> Int? {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 3 else { return nil }
        method = parts[0]
        guard Self.isToken(method), method.count <= 32,
            !["CONNECT", "TRACE", "TRACK", "PRI"].contains(method)
        else { return nil }
        target = parts[1]
        guard target.count <= 8_192, readTarget() else { return nil }
        let version = Array(parts[2])
        guard version.count == 8, String(version[..<7]) == "HTTP/1.", "0"..."9" ~= version[7] else {
            return nil
        }
        return version[7] == "0" ? 0 : 1
    }

    private mutating func readTarget() -> Bool {
        for character in target {
            guard let value = character.asciiValue, value > 32, value < 127, character != "#",
                character != "\\"
            else { return false }
        }
        if target == "*" { return method == "OPTIONS" }
        var rest = Substring(target)
        if !target.hasPrefix("/") {
            guard target.lowercased().hasPrefix("http://") else { return false }
            rest = rest.dropFirst(7)
            authority = String(rest.prefix { $0 != "/" && $0 != "?" })
            guard Self.isAuthority(authority) else { return false }
            rest = rest.dropFirst(authority.count)
        }
        path = String(rest.prefix { $0 != "?" })
        if path.count < rest.count { query = String(rest.dropFirst(path.count + 1)) }
        return Self.staysBelowRoot(path)
    }

    private static func staysBelowRoot(_ path: String) -> Bool {
        var decoded: [UInt8] = []
        let bytes = Array(path.utf8)
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%") {
                guard at + 2 < bytes.count,
                    bytes[at + 1...at + 2].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                    let value = UInt8(
                        String(decoding: bytes[at + 1...at + 2], as: UTF8.self), radix: 16),
                    value != 0
                else { return false }
                if isOverlong(bytes, at, value) { return false }
                decoded.append(value)
                at += 3
            } else {
                decoded.append(bytes[at])
                at += 1
            }
        }
        var depth = 0
        for segment in decoded.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == 47 || $0 == 92 })
        {
            let name = segment.prefix { $0 != UInt8(ascii: ";") }
            if name.elementsEqual("..".utf8) {
                depth -= 1
            } else if !name.isEmpty, !name.elementsEqual(".".utf8) {
                depth += 1
            }
            if depth < 0 { return false }
        }
        return true
    }

    private static func isOverlong(_ bytes: [UInt8], _ at: Int, _ lead: UInt8) -> Bool {
        guard at + 5 < bytes.count, bytes[at + 3] == UInt8(ascii: "%"),
            let next = UInt8(String(decoding: bytes[at + 4...at + 5], as: UTF8.self), radix: 16)
        else { return false }
        switch lead {
        case 0xc0, 0xc1: return (0x80...0xbf).contains(next)
        case 0xe0: return (0x80...0x9f).contains(next)
        case 0xf0: return (0x80...0x8f).contains(next)
        default: return false
        }
    }

    static func isAuthority(_ text: String) -> Bool {
        var host = text
        if let colon = text.lastIndex(of: ":"), text.last != "]" {
            let digits = text[text.index(after: colon)...]
            guard (1...5).contains(digits.count), digits.allSatisfy({ "0"..."9" ~= $0 }),
                let port = Int(digits), (1...65_535).contains(port)
            else { return false }
            host = String(text[..<colon])
        }
        if host.hasPrefix("["), host.hasSuffix("]") { return isIPv6(host.dropFirst().dropLast()) }
        return !host.isEmpty
            && host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    }

    static func isIPv6(_ text: Substring) -> Bool {
        // Two colons in a row stand at most once for the missing groups.
        var halves: [Substring] = [text]
        if let gap = text.firstRange(of: "::") {
            halves = [text[..<gap.lowerBound], text[gap.upperBound...]]
            if halves[1].contains("::") || halves[1].hasPrefix(":") { return false }
        }
        var groups = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (place, part) in parts.enumerated() {
                if part.contains("."), index == halves.count - 1, place == parts.count - 1 {
                    let numbers = part.split(separator: ".", omittingEmptySubsequences: false)
                    guard numbers.count == 4,
                        numbers.allSatisfy({
                            $0.count < 4 && $0.allSatisfy { "0"..."9" ~= $0 }
                                && Int($0) ?? 256 < 256
                        })
                    else { return false }
                    groups += 2
                } else {
                    guard (1...4).contains(part.count),
                        part.allSatisfy({ $0.isASCII && $0.isHexDigit })
                    else { return false }
                    groups += 1
                }
            }
        }
        return halves.count == 2 ? groups < 8 : groups == 8
    }

    private mutating func readField(_ line: String) -> Bool {
        guard let colon = line.firstIndex(of: ":") else { return false }
        let name = line[..<colon]
        guard Self.isToken(name), name.count <= 256 else { return false }
        fields.append("\(name)=\(Self.trim(line[line.index(after: colon)...]))")
        return true
    }

    private func values(_ name: String) -> [String] {
        fields.filter { $0.lowercased().hasPrefix(name + "=") }
            .map { String($0.dropFirst(name.count + 1)) }
    }

    private mutating func readAuthority(_ minor: Int) -> Bool {
        let hosts = values("host")
        if hosts.isEmpty { return minor == 0 }
        guard hosts.count == 1, Self.isAuthority(hosts[0]) else { return false }
        if authority.isEmpty { authority = hosts[0] }
        return true
    }

    private mutating func readFraming(_ minor: Int) -> Bool {
        let lengths = values("content-length")
        let codings = values("transfer-encoding")
        switch (lengths.count, codings.count) {
        case (0, 0): body = "none"
        case (1, 0):
            guard (1...19).contains(lengths[0].count),
                lengths[0].allSatisfy({ "0"..."9" ~= $0 }), let count = Int64(lengths[0])
            else { return false }
            body = "\(count)"
        case (0, 1):
            guard minor == 1, codings[0].lowercased() == "chunked" else { return false }
            body = "chunked"
        default: return false
        }
        let expectations = values("expect")
        if minor == 1, !expectations.isEmpty {
            return expectations.map { $0.lowercased() } == ["100-continue"]
        }
        return true
    }

    private mutating func readConnection(_ minor: Int) -> Bool {
        var options: [String] = []
        for value in values("connection") {
            // Quoted strings are no tokens, so that their commas need no care.
            for option in value.split(separator: ",").map({ Self.trim($0) }) where !option.isEmpty {
                guard Self.isToken(option) else { return false }
                options.append(option.lowercased())
            }
        }
        let protected = [
            "host", "content-length", "transfer-encoding", "cache-control", "cdn-cache-control",
            "surrogate-control", "cookie", "set-cookie", "authorization", "vary", "via",
            "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
            "x-forwarded-port", "x-real-ip", "content-type", "content-encoding", "content-range",
            "location", "if-match", "if-unmodified-since",
        ]
        guard !options.contains(where: { protected.contains($0) }) else { return false }
        keepsAlive = !options.contains("close") && (minor == 1 || options.contains("keep-alive"))
        return true
    }
}
