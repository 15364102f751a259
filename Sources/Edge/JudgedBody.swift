import HTTP
import Tiles

/// Held back until the first bytes of the body show what it is.
struct JudgedBody {
    var head: FetchedHead
    /// Bytes of it that are enough; for a tile, for every signature and for the root element of an
    /// exception.
    var needed = TileBody.prefixBytes
    /// A picture that begins well is held until it is whole, unless it is longer than this.
    var held = 0
    /// Of a picture.
    var format: MapFormat?
    /// What looks for tokens in it; nil: nothing has to.
    var search: PageSearch?
    /// Nothing of it is judged: its head waits for what has come with it, which may be all.
    var isJudged = true

    /// As much of a picture is held back until it is whole, so that its length and its end are
    /// known before anybody sees its status: that of some thousand pixels squared. A longer one is
    /// passed on as it comes.
    static let pictureBytes = 4 << 20
    /// For how long, in nanoseconds: a member that sends a byte now and then keeps nobody waiting
    /// for a status longer than that, and a slow one is not taken for one that failed.
    static let pictureTime: UInt64 = 10_000_000_000

    /// It is known to begin as a picture, and is held.
    var isHeld: Bool { held > 0 && needed == held }

    /// A picture of which nothing is here yet.
    static func picture(_ head: FetchedHead, _ format: MapFormat) -> JudgedBody {
        let isHeld = head.declaredLength ?? 0 <= pictureBytes && !head.head.hasUnknownCoding
        return JudgedBody(head: head, held: isHeld ? pictureBytes : 0, format: format)
    }
}
