/// Whether every path that `second` matches is matched by `first` too.
///
/// Answers yes only where it is certain: `second` is read as a path whose `*` only a `*` can take,
/// and whose `?` only a `*` or a `?`. Cost: the product of the lengths.
func covers(_ first: String, _ second: String) -> Bool {
    readings(of: second).allSatisfy { narrow in
        readings(of: first).contains { takes($0, narrow) }
    }
}

private let star = UInt8(ascii: "*")
private let question = UInt8(ascii: "?")

private func takes(_ wide: [UInt8], _ narrow: [UInt8]) -> Bool {
    // reached[n]: what was read of `wide` so far can take the first n characters of `narrow`.
    var reached = [true] + Array(repeating: false, count: narrow.count)
    for piece in wide {
        var next = Array(repeating: false, count: narrow.count + 1)
        if piece == star {
            var any = false
            for length in 0...narrow.count {
                any = any || reached[length]
                next[length] = any
            }
        } else {
            for (index, byte) in narrow.enumerated() where reached[index] {
                if piece == question ? byte != star : piece == byte { next[index + 1] = true }
            }
        }
        reached = next
    }
    return reached[narrow.count]
}

// The pattern with the slash that each path begins with: a pattern may leave it out, its first
// star may take it, and so may what follows a star that takes nothing.
private func readings(of pattern: String) -> [[UInt8]] {
    let bytes = Array(pattern.utf8)
    let slash = UInt8(ascii: "/")
    guard bytes.first == star else { return [bytes.first == slash ? bytes : [slash] + bytes] }
    let rest = bytes.drop { $0 == star }
    let followed = [slash, star] + rest
    guard let next = rest.first, next == slash || next == question else { return [followed] }
    return [followed, [slash] + rest.dropFirst()]
}
