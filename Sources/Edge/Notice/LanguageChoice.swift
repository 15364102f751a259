/// Which of the languages at hand somebody reads best (RFC 9110 §12.5.4, RFC 4647 §3.4).
enum LanguageChoice {
    /// - Parameters:
    ///   - accepted: the value of Accept-Language, or a single language.
    ///   - languages: in small letters; the first one is for whoever reads none.
    static func best(_ accepted: [UInt8], of languages: [String]) -> Int {
        var best = (index: 0, weight: 0)
        for member in accepted.split(separator: UInt8(ascii: ",")) {
            let text = String(decoding: member, as: UTF8.self).lowercased()
            let parts = text.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let range = parts.first, !range.isEmpty else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map(weight) ?? 1_000
            guard weight > best.weight, let index = lookUp(range, languages) else { continue }
            best = (index, weight)
        }
        return best.index
    }

    /// A quality in thousandths; none that can be read counts as none.
    private static func weight(_ text: String) -> Int {
        let digits = text.dropFirst(2).split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = digits.first.flatMap({ Int($0) }), digits.count <= 2 else { return 0 }
        let fraction = digits.count == 2 ? digits[1].prefix(3) : ""
        let padded = fraction + String(repeating: "0", count: 3 - fraction.count)
        return min(1_000, max(0, whole * 1_000 + (Int(padded) ?? 0)))
    }

    private static func lookUp(_ range: String, _ languages: [String]) -> Int? {
        if range == "*" { return languages.isEmpty ? nil : 0 }
        var range = Substring(range)
        while true {
            if let index = languages.firstIndex(of: String(range)) { return index }
            guard let hyphen = range.lastIndex(of: "-") else { break }
            range = range[..<hyphen]
        }
        // Whoever asks for `pt` reads `pt-br`.
        return languages.firstIndex { $0.hasPrefix(range + "-") }
    }
}
