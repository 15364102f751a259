/// The value of a `Cache-Control` field, or of one like it, in which no lifetime is longer than
/// `seconds`; nil where none is. All else stays as it was.
///
/// Lifetimes are `max-age` and `s-maxage`; one that is no number is not looked at (RFC 9111 §1.2.2:
/// who reads it takes it for no or for little time).
public func shortenedControl(_ value: [UInt8], to seconds: Int64) -> [UInt8]? {
    var next: [UInt8] = []
    var (at, isQuoted, isChanged) = (0, false, false)
    var start = 0
    func member(_ end: Int) -> [UInt8] {
        let text = value[start..<end]
        guard let mark = text.firstIndex(of: UInt8(ascii: "=")) else { return Array(text) }
        let name = String(decoding: text[..<mark], as: UTF8.self).lowercased()
            .filter { $0 != " " && $0 != "\t" }
        guard name == "max-age" || name == "s-maxage" else { return Array(text) }
        let quoted = text[(mark + 1)...]
        let digits = quoted.filter { $0 != UInt8(ascii: "\"") && $0 != 32 && $0 != 9 }
        guard !digits.isEmpty, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return Array(text) }
        // One that no number of this size can hold is longer still.
        let given = Int64(String(decoding: digits, as: UTF8.self)) ?? .max
        guard given > seconds else { return Array(text) }
        isChanged = true
        return Array(text[...mark]) + Array(String(seconds).utf8)
    }
    while at < value.count {
        if value[at] == UInt8(ascii: "\"") { isQuoted.toggle() }
        if value[at] == UInt8(ascii: "\\"), isQuoted { at += 1 }
        if at < value.count, value[at] == UInt8(ascii: ","), !isQuoted {
            next += member(at) + [UInt8(ascii: ",")]
            start = at + 1
        }
        at += 1
    }
    next += member(value.count)
    return isChanged ? next : nil
}
