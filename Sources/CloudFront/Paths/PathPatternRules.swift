/// What a path pattern may be made of. Source: CloudFront, "Path pattern".
enum PathPatternRules {
    static let lengthLimit = 255

    static func judge(_ pattern: String, _ place: ConfigPlace, _ log: FindingLog) {
        if pattern.utf8.count > lengthLimit {
            log.error(
                place, "the pattern has \(pattern.utf8.count) characters",
                "use at most \(lengthLimit)")
        }
        // A question mark is legal as a wildcard, so that a query in a pattern goes unnoticed.
        if looksLikeQuery(pattern) {
            log.warning(
                place, "\"\(pattern)\" seems to contain a query, which patterns never see",
                "match by path alone; ? stands for any one character")
        }
        for character in pattern where !isAllowed(character) {
            log.error(
                place, "\"\(character)\" is not allowed in a pattern",
                "use letters, digits and _-.*?$/~\"'@:+&")
            return
        }
    }

    /// A `?` followed later by a `=`, as in `/map?layer=roads`; `=` itself is not allowed, so this
    /// also explains that error.
    static func looksLikeQuery(_ pattern: String) -> Bool {
        guard let mark = pattern.firstIndex(of: "?") else { return false }
        return pattern[mark...].contains("=") || pattern[mark...].contains("&")
    }

    private static func isAllowed(_ character: Character) -> Bool {
        guard let byte = character.asciiValue else { return false }
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        default: return "_-.*?$/~\"'@:+&".utf8.contains(byte)
        }
    }
}
