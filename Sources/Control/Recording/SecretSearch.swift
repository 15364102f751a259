/// Finds many texts in one pass, however many there are: by their first bytes.
struct SecretSearch {
    /// What is shorter is found only where it is a value by itself, since a few letters stand in
    /// many a word.
    static let shortLimit = 8

    private struct Secret {
        var text: String
        var bytes: [UInt8]
    }

    /// By the first three and the first eight bytes, the longest first.
    private var short: [UInt64: [Secret]] = [:]
    private var long: [UInt64: [Secret]] = [:]

    /// - Parameter text: three bytes at least.
    mutating func add(_ text: String) {
        let secret = Secret(text: text, bytes: Array(text.utf8))
        let isShort = secret.bytes.count < Self.shortLimit
        let key = Self.key(secret.bytes, 0, isShort ? 3 : Self.shortLimit)
        func put(_ list: inout [Secret]) {
            let at = list.firstIndex { $0.bytes.count < secret.bytes.count } ?? list.endIndex
            list.insert(secret, at: at)
        }
        if isShort {
            put(&short[key, default: []])
        } else {
            put(&long[key, default: []])
        }
    }

    /// The first place that has to be hidden; those that overlap are one, under the name of the
    /// longest.
    func next(
        in bytes: [UInt8], from start: Int, longOnly: Bool
    ) -> (range: Range<Int>, secret: String)? {
        if short.isEmpty, long.isEmpty { return nil }
        var found: (range: Range<Int>, secret: Secret)?
        for at in bytes.indices.dropFirst(start) {
            if let found, at >= found.range.upperBound { break }
            guard let secret = match(bytes, at, longOnly) else { continue }
            let end = at + secret.bytes.count
            guard let old = found else {
                found = (at..<end, secret)
                continue
            }
            let longest = secret.bytes.count > old.secret.bytes.count ? secret : old.secret
            found = (old.range.lowerBound..<max(end, old.range.upperBound), longest)
        }
        return found.map { ($0.range, $0.secret.text) }
    }

    private func match(_ bytes: [UInt8], _ at: Int, _ longOnly: Bool) -> Secret? {
        if !long.isEmpty, at + Self.shortLimit <= bytes.count,
            let list = long[Self.key(bytes, at, Self.shortLimit)],
            let secret = list.first(where: { Self.stands($0, in: bytes, at) })
        {
            return secret
        }
        guard !longOnly, !short.isEmpty, at + 3 <= bytes.count, Self.isEdge(bytes, at - 1),
            let list = short[Self.key(bytes, at, 3)]
        else { return nil }
        return list.first {
            Self.stands($0, in: bytes, at) && Self.isEdge(bytes, at + $0.bytes.count)
        }
    }

    private static func stands(_ secret: Secret, in bytes: [UInt8], _ at: Int) -> Bool {
        at + secret.bytes.count <= bytes.count
            && bytes[at..<at + secret.bytes.count].elementsEqual(secret.bytes)
    }

    /// Whether values end there.
    private static func isEdge(_ bytes: [UInt8], _ at: Int) -> Bool {
        guard bytes.indices.contains(at) else { return true }
        return edges.contains(bytes[at])
    }

    private static let edges = Set("=&;\" ?#,/'\t\r\n".utf8)

    private static func key(_ bytes: [UInt8], _ at: Int, _ count: Int) -> UInt64 {
        bytes[at..<at + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
