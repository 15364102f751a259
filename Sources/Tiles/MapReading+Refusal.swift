import HTTP

// What servers would not agree on, though it is no map.
extension MapReading {
    /// Why a legend, or a read of features or coverages, has no meaning that all servers share;
    /// nil: it has, or it is no such request.
    ///
    /// Its key has the query as it came, so that no picture of another layer is taken for it; but a
    /// write makes stale what the edge has read in the query, and of two values servers take one or
    /// the other.
    borrowing func readRefusal(_ query: RawSpan) -> TileRefusal? {
        guard table.has(.request) else { return nil }
        let repeated = table.repeatedName(query)
        guard table.conflict != nil || repeated != nil, Self.asksForRead(query) else { return nil }
        if let parameter = table.conflict { return .repeated("\(parameter.name)") }
        return repeated.map { .repeated(Self.shown($0, in: query)) }
    }

    /// Whether any REQUEST names such a read, since servers may take that one.
    private static func asksForRead(_ query: RawSpan) -> Bool {
        let words: [StaticString] = [
            "getlegendgraphic", "getfeatureinfo", "feature_info", "getfeature",
            "describefeaturetype", "getpropertyvalue", "getcoverage", "describecoverage",
        ]
        var walk = QueryWalk()
        while let parameter = walk.next(in: query) {
            let isNamed = parameter.name.spells("request", in: query)
            if isNamed, words.contains(where: { parameter.value.spells($0, in: query) }) {
                return true
            }
        }
        return false
    }
}

extension ParameterTable {
    /// The name of the first of the other parameters that says what is read and is there twice with
    /// different values.
    func repeatedName(_ query: RawSpan) -> QueryText? {
        guard othersCount > 1 else { return nil }
        for index in 1..<othersCount {
            let name = other(index).name
            guard Self.saysWhatIsRead(name, in: query) else { continue }
            for before in 0..<index
            where other(before).name.equals(name, in: query, ignoringCase: true)
                && !other(before).value.equals(other(index).value, in: query)
            {
                return name
            }
        }
        return nil
    }

    private static func saysWhatIsRead(_ name: QueryText, in query: RawSpan) -> Bool {
        name.spells("typename", in: query) || name.spells("typenames", in: query)
            || name.spells("query_layers", in: query) || name.spells("coverage", in: query)
            || name.spells("coverageid", in: query) || name.spells("identifier", in: query)
            || name.spells("identifiers", in: query) || name.spells("storedquery_id", in: query)
            || name.spells("outputformat", in: query) || name.spells("info_format", in: query)
    }
}
