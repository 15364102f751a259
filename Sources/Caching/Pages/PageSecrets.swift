import HTTP

/// Finds what makes a page its reader's own in its text, piece by piece as it comes.
///
/// Three things count: a name that is written beside a token (in either case); one of the secrets
/// of this exchange, letter by letter; and 64 letters and digits in a row that stand alone,
/// capitals, small letters and digits among them, which is how Django writes a masked token.
public struct PageSecrets: Sendable {
    /// Names of tokens that pages have in forms, in `meta` elements, in links and scripts.
    public static let standardNames = ["csrfmiddlewaretoken", "csrf-token", "access_token"]
    /// Shorter secrets are not looked for: a page may well hold a text of a few letters.
    public static var leastSecret: Int { 8 }
    private static var maskedLength: Int { 64 }

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
            names.filter { !$0.isEmpty }.map {
                Pattern(bytes: $0.utf8.map { lowercased($0) }, isName: true)
            }
            + secrets.filter { $0.count >= Self.leastSecret }.map {
                Pattern(bytes: $0, isName: false)
            }
        overlap = max(0, (patterns.map(\.bytes.count).max() ?? 0) - 1)
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
        return true
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
