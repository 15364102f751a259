import HTTP

extension GridSets {
    /// The set that a tile service's request names, in the case that it has; nil for none.
    func set(named text: QueryText, in bytes: RawSpan) -> Int? {
        for index in records.indices {
            let record = records[index]
            if spells(text, record.name, in: bytes) { return index }
            if record.isPools, spells(text, record.identifier, in: bytes) { return index }
            for alias in record.aliases where spells(text, aliases[alias], in: bytes) {
                return index
            }
        }
        return nil
    }

    /// The same, as the pool's own tile services are asked: nil also where they mean another set by
    /// that name than the one that is known.
    func servedSet(named text: QueryText, in bytes: RawSpan) -> Int? {
        guard let set = set(named: text, in: bytes), !records[set].isForeign else { return nil }
        return set
    }

    /// The level that TILEMATRIX names: by its own name, or behind the set's name and a colon
    /// under whichever alias, as GeoWebCache writes it.
    func level(named text: QueryText, of set: Int, in bytes: RawSpan) -> Int? {
        let matrices = records[set].matrices
        var name = text
        var rest = text
        // What is behind the last colon.
        while let item = rest.cut(before: UInt8(ascii: ":"), in: bytes) { name = item }
        let hasPrefix = name.start > text.start
        if hasPrefix {
            // The colon may be written in one byte or in three.
            let colon = bytes.byte(name.start - 1) == UInt8(ascii: ":") ? 1 : 3
            var prefix = text
            prefix.end = max(text.start, name.start - colon)
            guard self.set(named: prefix, in: bytes) == set else {
                return exactLevel(text, matrices, in: bytes)
            }
        }
        // Who describes a set as GeoWebCache's capabilities do has the prefix in the names.
        return exactLevel(name, matrices, in: bytes)
            ?? (hasPrefix ? exactLevel(text, matrices, in: bytes) : nil)
    }

    private func exactLevel(_ text: QueryText, _ range: Range<Int>, in bytes: RawSpan) -> Int? {
        // Most name their levels by index.
        if let guess = text.wholeNumber(atMost: Self.levelsMax, in: bytes), guess < range.count,
            spells(text, matrices[range.lowerBound + guess].name, in: bytes)
        {
            return guess
        }
        for index in range where spells(text, matrices[index].name, in: bytes) {
            return index - range.lowerBound
        }
        return nil
    }

    private func spells(_ text: QueryText, _ name: Range<Int>, in bytes: RawSpan) -> Bool {
        var at = text.start
        for index in name {
            guard at < text.end else { return false }
            let (value, width) = text.byte(at: at, in: bytes)
            guard value == nameByte(index) else { return false }
            at += width
        }
        return at >= text.end
    }
}
