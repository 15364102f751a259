import HTTP

/// One text of a JSON document, found without reading the rest of it (RFC 8259).
enum JSONMember {
    /// The text of the first member that stands in these, in objects only; nil where there is none,
    /// or one with an escape in it, of which no name and no state has one.
    ///
    /// - Parameter json: its beginning is enough, as far as the member.
    static func text(at path: [String], in json: [UInt8]) -> String? {
        // The name of the member at hand in each object or list that is open.
        var names: [ArraySlice<UInt8>] = []
        var (text, at) = (ArraySlice<UInt8>(), 0)
        while at < json.count {
            switch json[at] {
            case UInt8(ascii: "\""):
                let start = at + 1
                at = start
                while at < json.count, json[at] != UInt8(ascii: "\"") {
                    at += json[at] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard at < json.count else { return nil }
                text = json[start..<at]
                let isThere = zip(names, path).allSatisfy { $0.elementsEqual($1.utf8) }
                if names.count == path.count, isThere {
                    return text.contains(UInt8(ascii: "\\"))
                        ? nil : String(validating: text, as: UTF8.self)
                }
            case UInt8(ascii: ":"): if !names.isEmpty { names[names.count - 1] = text }
            case UInt8(ascii: ","): if !names.isEmpty { names[names.count - 1] = [] }
            case UInt8(ascii: "{"), UInt8(ascii: "["): names.append([])
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = names.popLast()
            default: break
            }
            at += 1
        }
        return nil
    }
}
