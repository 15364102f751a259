/// The name in `known` that the writer of `word` most likely meant, or nil if none is near.
///
/// A name that is one edit away comes first, then the only one that goes on where the word ends,
/// then the nearest within two edits, or a third of the word's length if that is more. Case costs
/// nothing.
public func nearestName(to word: String, in known: some Sequence<String>) -> String? {
    var best: (name: String, distance: Int)?
    for name in known {
        let distance = editDistance(Array(word.lowercased()), Array(name.lowercased()))
        if distance < best?.distance ?? .max { best = (name, distance) }
    }
    if best?.distance ?? .max > 1, word.count > 2 {
        let continued = known.filter { $0.lowercased().hasPrefix(word.lowercased()) }
        if continued.count == 1 { return continued[0] }
    }
    guard let best, best.distance <= max(2, word.count / 3), best.distance < word.count else {
        return nil
    }
    return best.name
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
/// (optimal string alignment). Cost: the product of the lengths.
func editDistance(_ first: [Character], _ second: [Character]) -> Int {
    var before: [Int] = []
    var previous = Array(0...second.count)
    for row in 0..<first.count {
        var current = [row + 1]
        for column in 0..<second.count {
            let same = first[row] == second[column]
            var least = min(
                previous[column] + (same ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, first[row] == second[column - 1],
                first[row - 1] == second[column]
            {
                least = min(least, before[column - 1] + 1)
            }
            current.append(least)
        }
        before = previous
        previous = current
    }
    return previous[second.count]
}

/// What to do about an unknown name: the one that was meant, or all there are.
func remedy(for word: String, among known: [String]) -> String {
    if let near = nearestName(to: word, in: known) { return "did you mean \"\(near)\"?" }
    return known.isEmpty
        ? "remove it" : "use one of \(known.sorted().joined(separator: ", "))"
}
