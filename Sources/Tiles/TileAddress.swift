/// A tile's place in a grid set: columns count from the west, rows from the north.
public struct TileAddress: Hashable, Sendable {
    /// The set's index in its `GridSets`.
    public var gridSet: UInt16
    /// The matrix's index in the set; 0 is the coarsest.
    public var level: UInt16
    public var column: Int32
    public var row: Int32

    public init(gridSet: Int, level: Int, column: Int, row: Int) {
        self.gridSet = UInt16(clamping: gridSet)
        self.level = UInt16(clamping: level)
        self.column = Int32(clamping: column)
        self.row = Int32(clamping: row)
    }
}
