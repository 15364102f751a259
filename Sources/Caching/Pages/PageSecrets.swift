import HTTP

/// Finds what makes a page its reader's own in its text, piece by piece as it comes.
///
/// Four things count: a name that is written beside a token (in either case); one that ends in
/// `=`, if a value follows it; one of the secrets of this exchange, letter by letter; and 64
/// letters and digits in a row that stand alone, capitals, small letters and digits among them,
/// which is how Django writes a masked token.
///
/// The value of a name that ends in `=` is 16 letters, digits, `-` and `_` or more, at most eight
/// bytes behind it, as in `csrfToken: "..."` or `;jsessionid=...`. Scripts that only read a cookie
/// of that name, or call a function for it, have none.
public struct PageSecrets: Sendable {
    /// Names of tokens that pages have in forms, in `meta` elements, in links and scripts.
    public static let standardNames = [
        "csrfmiddlewaretoken", "csrf-token", "access_token", "csrftoken=", "csrf_token=",
        "authkey=", "jsessionid=", "bearer=",
    ]
    /// Shorter secrets are not looked for: a page may well hold a text of a few letters.
    public static var leastSecret: Int { 8 }
    private static var maskedLength: Int { 64 }
    /// Of a value behind a name, of as much as is looked at, and of what stands between: quotes,
    /// colons and the like.
    private static var leastValue: Int { 16 }
    private static var mostValue: Int { 64 }
    private static var mostBetween: Int { 8 }

    private let patterns: [Pattern]
    /// First bytes of patterns, in either case.
    private var begins = [Bool](repeating: false, count: 256)
    private var tail: [UInt8] = []
    private let overlap: Int
    private var run = Run()
    public private(set) var isFound = false

    private struct Pattern {
        var bytes: [UInt8]
        var isName: Bool
        /// It counts only with a value behind it.
        var hasValue = false
        /// Bytes of text that decide about it.
        var reach: Int { bytes.count + (hasValue ? mostBetween + mostValue + 1 : 0) }

        init(name: String) {
            let letters = name.utf8.map { lowercased($0) }
            hasValue = letters.count > 1 && letters.last == UInt8(ascii: "=")
            bytes = hasValue ? letters.dropLast() : letters
            isName = true
        }

        init(secret: [UInt8]) { (bytes, isName) = (secret, false) }
    }

    private struct Run {
        var count = 0
        var hasCapital = false
        var hasSmall = false
        var hasDigit = false
        var isMasked: Bool { count == maskedLength && hasCapital && hasSmall && hasDigit }
    }

    public init(names: [String], secrets: [[UInt8]]) {
        patterns =
            names.filter { !$0.isEmpty }.map { Pattern(name: $0) }
            + secrets.filter { $0.count >= Self.leastSecret }.map { Pattern(secret: $0) }
        overlap = max(0, (patterns.map(\.reach).max() ?? 0) - 1)
        for pattern in patterns {
            begins[Int(pattern.bytes[0])] = true
            guard pattern.isName, (0x61...0x7A).contains(pattern.bytes[0]) else { continue }
            begins[Int(pattern.bytes[0] & ~0x20)] = true
        }
    }

    /// Looks at the next piece of the text.
    public mutating func look(at piece: RawSpan) {
        guard !isFound, piece.byteCount > 0 else { return }
        noteRuns(piece)
        // What stands across the border, then the piece itself.
        if !tail.isEmpty {
            let border = tail + Self.bytes(piece.extracting(0..<min(overlap, piece.byteCount)))
            if unsafe finds(in: border.span.bytes) { isFound = true }
        }
        if finds(in: piece) { isFound = true }
        let kept = Self.bytes(
            piece.extracting(max(0, piece.byteCount - overlap)..<piece.byteCount))
        tail = (tail + kept).suffix(overlap)
    }

    /// The text is over.
    public mutating func end() { if run.isMasked { isFound = true } }

    private static func bytes(_ text: RawSpan) -> [UInt8] {
        unsafe text.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    private func finds(in text: RawSpan) -> Bool {
        for at in 0..<text.byteCount where begins[Int(text[at])] {
            for pattern in patterns where matches(pattern, text, at) { return true }
        }
        return false
    }

    private func matches(_ pattern: Pattern, _ text: RawSpan, _ at: Int) -> Bool {
        guard text.byteCount - at >= pattern.bytes.count else { return false }
        for offset in pattern.bytes.indices {
            let byte = text[at + offset]
            let own = pattern.bytes[offset]
            if byte != own, !pattern.isName || lowercased(byte) != own { return false }
        }
        return !pattern.hasValue || hasValue(text, behind: at + pattern.bytes.count)
    }

    private func hasValue(_ text: RawSpan, behind end: Int) -> Bool {
        var at = end
        while at < text.byteCount, at - end <= Self.mostBetween, !Self.isOfValue(text[at]) {
            guard Self.between.contains(text[at]) else { return false }
            at += 1
        }
        guard at > end, at - end <= Self.mostBetween else { return false }
        let start = at
        while at < text.byteCount, at - start < Self.mostValue, Self.isOfValue(text[at]) { at += 1 }
        if at - start == Self.mostValue { return true }
        guard at - start >= Self.leastValue, at < text.byteCount else { return false }
        // The name of a function, or of an object that has one.
        return text[at] != UInt8(ascii: "(") && text[at] != UInt8(ascii: ".")
    }

    private static let between = Set("\"'\\ \t:=,;>&%".utf8)

    private static func isOfValue(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private mutating func noteRuns(_ piece: RawSpan) {
        for at in 0..<piece.byteCount {
            switch piece[at] {
            case 0x41...0x5A: (run.count, run.hasCapital) = (run.count + 1, true)
            case 0x61...0x7A: (run.count, run.hasSmall) = (run.count + 1, true)
            case 0x30...0x39: (run.count, run.hasDigit) = (run.count + 1, true)
            default:
                if run.isMasked { isFound = true }
                run = Run()
            }
        }
    }
}
