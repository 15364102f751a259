import HTTP

/// Texts and numbers of a JSON document by the names that they stand in, read from its beginning on
/// without a tree (RFC 8259). What breaks off has no more of them.
public enum JSONMember {
    /// The text of the first member that stands in these, in objects only; nil where there is none,
    /// or one with an escape in it, of which no name and no state has one.
    ///
    /// - Parameter json: its beginning is enough, as far as the member.
    public static func text(at path: [String], in json: [UInt8]) -> String? {
        var found: String?
        forEach(in: json) { names, value in
            let isThere = zip(names, path).allSatisfy { $0.elementsEqual($1.utf8) }
            guard names.count == path.count, isThere else { return true }
            if value.first == UInt8(ascii: "\"") { found = text(of: value) }
            return false
        }
        return found
    }

    /// The text of a value, or the digits of a whole number; nil for any other, or with an escape.
    public static func text(of value: ArraySlice<UInt8>) -> String? {
        let isText = value.first == UInt8(ascii: "\"")
        let inner = isText ? value.dropFirst().dropLast() : value
        guard isText || value.allSatisfy(isDigit), !inner.contains(UInt8(ascii: "\\")) else {
            return nil
        }
        return String(validating: inner, as: UTF8.self)
    }

    /// Hands out each text, with its quotes, and each number and word, until one is the last that
    /// is wanted; and nothing where an object ends.
    ///
    /// - Parameter body: gets the names that the value stands in, from the outermost; of a list,
    ///   and of an object that ends, the name is empty.
    public static func forEach(
        in json: [UInt8], _ body: ([ArraySlice<UInt8>], ArraySlice<UInt8>) -> Bool
    ) {
        // The name of the member at hand in each object or list that is open.
        var names: [ArraySlice<UInt8>] = []
        var value = ArraySlice<UInt8>()
        var at = 0
        func end() -> Bool {
            defer { value = [] }
            return value.isEmpty || body(names, value)
        }
        while at < json.count {
            let start = at
            switch json[at] {
            case UInt8(ascii: "\""):
                at += 1
                while at < json.count, json[at] != UInt8(ascii: "\"") {
                    at += json[at] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard at < json.count else { return }
                value = json[start...at]
            case UInt8(ascii: ":"):
                if !names.isEmpty { names[names.count - 1] = value.dropFirst().dropLast() }
                value = []
            case UInt8(ascii: ","):
                guard end() else { return }
                // A list's next one is as nameless as its first.
                if !names.isEmpty { names[names.count - 1] = [] }
            case UInt8(ascii: "{"), UInt8(ascii: "["): names.append([])
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard end() else { return }
                if !names.isEmpty { names[names.count - 1] = [] }
                if json[at] == UInt8(ascii: "}"), !body(names, []) { return }
                _ = names.popLast()
            case 0x09, 0x0A, 0x0D, 0x20: break
            default:
                let ends = ",:\"{}[] \t\r\n".utf8
                while at + 1 < json.count, !ends.contains(json[at + 1]) { at += 1 }
                value = json[start...at]
            }
            at += 1
        }
    }
}
