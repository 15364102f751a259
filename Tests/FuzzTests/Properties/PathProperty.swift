import Caching
import CloudFront

/// Any two lines as a path pattern and a path: the matcher and the normal form must be what a
/// slow and obvious reader makes of CloudFront's "Path pattern".
struct PathProperty {
    /// What is wrong; empty: nothing.
    static func faults(_ input: [UInt8]) -> [String] {
        let lines = input.split(
            separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let (pattern, path) = (Array(lines[0]), lines.count > 1 ? Array(lines[1]) : [])
        return faultsOfMatching(pattern, path) + faultsOfNormalForm(path)
    }

    private static func faultsOfMatching(_ pattern: [UInt8], _ path: [UInt8]) -> [String] {
        guard pattern.count * path.count <= 1 << 15 else { return [] }
        let isMatch = PathPattern.matches(pattern.span.bytes, path: path.span.bytes)
        let isFree = PathPattern.matchesWildcards(pattern.span.bytes, path.span.bytes)
        let star = UInt8(ascii: "*")
        let slash = UInt8(ascii: "/")
        let isBare = pattern.first.map { $0 != slash && $0 != star } ?? false
        var faults: [String] = []
        if isMatch != matches(isBare ? [slash] + pattern : pattern, path) {
            faults.append("the path matches: \(isMatch)")
        }
        if isFree != matches(pattern, path) { faults.append("the text matches: \(isFree)") }
        return faults
    }

    /// Row by row: whether so much of the pattern matches so much of the path.
    private static func matches(_ pattern: [UInt8], _ path: [UInt8]) -> Bool {
        var row = [true] + path.map { _ in false }
        for wanted in pattern {
            var next = [wanted == UInt8(ascii: "*") && row[0]]
            for (at, byte) in path.enumerated() {
                switch wanted {
                case UInt8(ascii: "*"): next.append(row[at + 1] || next[at])
                case UInt8(ascii: "?"): next.append(row[at])
                default: next.append(row[at] && wanted == byte)
                }
            }
            row = next
        }
        return row[path.count]
    }

    private static func faultsOfNormalForm(_ path: [UInt8]) -> [String] {
        guard let made = written(path, room: path.count) else { return ["it does not fit"] }
        var faults: [String] = []
        if !path.isEmpty, written(path, room: path.count - 1) != nil {
            faults.append("it is written where it may not fit")
        }
        // Nothing else is a request's path.
        guard path.first == UInt8(ascii: "/") else { return faults }
        let expected = normalForm(path)
        if made != expected { faults.append("\(text(made)) in place of \(text(expected))") }
        if written(made, room: made.count) != made { faults.append("its normal form is another") }
        if !MatchPath.needsNormalizing(path.span.bytes), made != path {
            faults.append("it needs nothing, and \(text(made)) comes of it")
        }
        return faults
    }

    /// The normal form; nil if it does not fit. What lies behind the room must stay as it is.
    private static func written(_ path: [UInt8], room: Int) -> [UInt8]? {
        var memory = [UInt8](repeating: 0xA5, count: room + 8)
        let count = memory.withUnsafeMutableBytes {
            MatchPath.write(
                path.span.bytes, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<room]))
        }
        guard memory[room...].allSatisfy({ $0 == 0xA5 }) else { return Array("overrun".utf8) }
        return count.map { Array(memory[..<$0]) }
    }

    private static func normalForm(_ path: [UInt8]) -> [UInt8] {
        var kept: [[UInt8]] = []
        var isOpen = false
        let segments = decoded(path).split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for segment in segments.dropFirst() {
            isOpen = true
            switch String(decoding: segment, as: UTF8.self) {
            case "", ".": break
            case "..": _ = kept.popLast()
            default:
                kept.append(Array(segment))
                isOpen = false
            }
        }
        let slash = [UInt8(ascii: "/")]
        let joined = slash + Array(kept.joined(separator: slash))
        return isOpen && !kept.isEmpty ? joined + slash : joined
    }

    /// With unreserved bytes (RFC 3986 §2.3) in place of their escapes, but where one would end an
    /// escape that was none before.
    private static func decoded(_ path: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        var rest = path[...]
        while let byte = rest.first {
            let escape = Array(rest.prefix(3))
            guard byte == UInt8(ascii: "%"), let plain = plainByte(escape) else {
                text.append(byte)
                rest.removeFirst()
                continue
            }
            let tail = Array((text + [plain]).suffix(3))
            let makesEscape =
                plainDigit(plain) != nil
                && (tail.dropLast().last == UInt8(ascii: "%")
                    || tail.count == 3 && tail[0] == UInt8(ascii: "%")
                        && plainDigit(tail[1]) != nil)
            text += isUnreserved(plain) && !makesEscape ? [plain] : escape
            rest.removeFirst(3)
        }
        return text
    }

    private static func plainByte(_ escape: [UInt8]) -> UInt8? {
        guard escape.count == 3, let high = plainDigit(escape[1]), let low = plainDigit(escape[2])
        else { return nil }
        return high * 16 + low
    }

    private static func plainDigit(_ byte: UInt8) -> UInt8? {
        Array("0123456789abcdef".utf8).firstIndex(of: lowercase(byte)).map { UInt8($0) }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        "abcdefghijklmnopqrstuvwxyz0123456789-._~".utf8.contains(lowercase(byte))
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (65...90).contains(byte) ? byte + 32 : byte
    }

    private static func text(_ bytes: [UInt8]) -> String {
        "\"\(String(decoding: bytes, as: UTF8.self))\""
    }
}
