// What whoever walks over tiles has to know of the sets, on the cold side.
extension GridSets {
    /// The set of that name or alias, in the case that it has; nil for none.
    public func set(named name: String) -> Int? {
        let bytes = Array(name.utf8)
        let text = QueryText(start: 0, end: bytes.count, isPlain: true)
        return unsafe set(named: text, in: bytes.span.bytes)
    }

    /// By which services call a set; nil where there is none.
    public func identifier(ofSet index: Int) -> String? {
        guard records.indices.contains(index) else { return nil }
        return String(decoding: name(records[index].identifier), as: UTF8.self)
    }

    /// What stands for a set's name where many are compared: equal for equal names, whatever
    /// version of the set is meant.
    public static func nameHash(_ name: String) -> UInt64 {
        var hash = FNV()
        hash.add(String(name.prefix { $0 != "~" }))
        return hash.value
    }

    func nameHash(ofSet index: Int) -> UInt64? {
        records.indices.contains(index) ? records[index].nameHash : nil
    }

    /// The sets under whose names tiles of a set may be found: its own, and those before it that
    /// may have a tile in common with it, which then has their name. Pools tell of theirs in an
    /// order of their own, so that of these each may be before the other.
    ///
    /// - Returns: each with whether its levels are the set's own; nil where there is no such set.
    public func keyNames(ofTilesIn name: String) -> [(name: String, hasItsLevels: Bool)]? {
        guard let index = set(named: name) else { return nil }
        let own = records[index]
        return records.indices.compactMap { place in
            let record = records[place]
            guard place <= index || own.isPools && record.isPools else { return nil }
            guard record.system == own.system, record.tileWidth == own.tileWidth,
                record.tileHeight == own.tileHeight, let name = identifier(ofSet: place)
            else { return nil }
            return (name, place == index)
        }
    }

    /// A tile in GeoWebCache's words: `[x, y, z]` with the row from the south, its bounds, and the
    /// names of its set and its reference system. nil where there is no such tile.
    public func words(
        of address: TileAddress
    ) -> (index: String, bounds: String, gridSet: String, system: String)? {
        let set = Int(address.gridSet)
        guard let box = box(of: address), let matrix = matrix(set, Int(address.level)),
            let name = identifier(ofSet: set), case .epsg(let code) = system(ofSet: set)
        else { return nil }
        let row = matrix.rows - 1 - Int(address.row)
        return (
            "[\(address.column), \(row), \(address.level)]",
            "\(box.west),\(box.south),\(box.east),\(box.north)", name,
            // 900913 is a system's name there.
            name.hasPrefix("EPSG:") ? name : "EPSG:\(code)"
        )
    }

    /// How many levels a set has; 0 where there is no such set.
    public func levelCount(ofSet index: Int) -> Int {
        records.indices.contains(index) ? records[index].matrices.count : 0
    }

    /// Units of the reference system per pixel; nil where there is no such level.
    public func resolution(ofSet index: Int, level: Int) -> Double? {
        matrix(index, level)?.resolution
    }
}
