import CloudFront

/// Base64 as everybody else writes it (RFC 4648 §4).
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        String(CloudFrontBase64.encode(bytes).map { Self.letters[$0] ?? $0 })
    }

    /// nil for a text that is none.
    static func decode(_ text: String) -> [UInt8]? {
        guard !text.contains(where: { "-_~".contains($0) }) else { return nil }
        let letters = Array(text.map { Self.theirs[$0] ?? $0 }.map(String.init).joined().utf8)
        return unsafe CloudFrontBase64.decode(letters.span.bytes)
    }

    private static let letters: [Character: Character] = ["-": "+", "~": "/", "_": "="]
    private static let theirs: [Character: Character] = ["+": "-", "/": "~", "=": "_"]
}
