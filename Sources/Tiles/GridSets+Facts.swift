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

    /// How many levels a set has; 0 where there is no such set.
    public func levelCount(ofSet index: Int) -> Int {
        records.indices.contains(index) ? records[index].matrices.count : 0
    }

    /// Units of the reference system per pixel; nil where there is no such level.
    public func resolution(ofSet index: Int, level: Int) -> Double? {
        matrix(index, level)?.resolution
    }
}
