import Tiles

/// Held back until the first bytes of the body show what it is.
struct JudgedBody {
    var head: FetchedHead
    /// Bytes of it that are enough; for a tile, for every signature and for the root element of an
    /// exception.
    var needed = TileBody.prefixBytes
    /// What looks for tokens in it; nil: nothing has to.
    var search: PageSearch?
}
