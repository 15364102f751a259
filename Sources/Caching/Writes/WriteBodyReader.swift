import HTTP
import Tiles

/// Reads the body of a request that may be a write, in pieces of any size as they pass, and says in
/// the end what it is.
///
/// ```
/// var reader = WriteBodyReader(body, unread: unread, context: context)
/// reader.take(piece)          // for each piece
/// let recognised = reader.finish()
/// ```
///
/// A body that passes before it has been read whole is as wide as `unread` says: the scope must be
/// on disk before its last byte goes to the server. Nothing a body says is fetched or expanded;
/// what is unreadable, cut short, of a foreign encoding or beyond a limit makes the scope wider.
/// Memory is that of the scanner's limits and `WriteScope.boxLimit`.
public struct WriteBodyReader: Sendable {
    // One of the two.
    private var service: ServiceBody?
    private var resource: ResourceBody?
    private let unread: ObservedWrite
    private var count = 0
    private let byteLimit: Int
    private var isTooLong = false

    /// - Parameter byteLimit: of a longer body nothing is believed.
    public init(
        _ body: WriteBody, unread: ObservedWrite, context: WriteContext,
        byteLimit: Int = 256 << 20
    ) {
        self.unread = unread
        self.byteLimit = byteLimit
        switch body.form {
        case .service(let saysTransaction):
            service = ServiceBody(body, saysTransaction: saysTransaction, context: context)
        default: resource = ResourceBody(body, context)
        }
    }

    /// Takes the bytes that follow those before, transfer and content codings undone.
    public mutating func take(_ bytes: RawSpan) {
        if bytes.byteCount > byteLimit - count { isTooLong = true }
        guard !isTooLong else { return }
        count += bytes.byteCount
        // In pieces, so that what is decoded at a time is bounded.
        var at = 0
        while at < bytes.byteCount {
            let end = min(at + 65_536, bytes.byteCount)
            service?.take(bytes.extracting(at..<end))
            resource?.take(bytes.extracting(at..<end))
            at = end
        }
    }

    /// Whether a document was not over with the bytes that came, so that no server can have done
    /// what it says. Known behind `finish`; false where it cannot be told.
    public var isUnclosed: Bool { service?.isUnclosed ?? false }

    /// What the request is, now that its body is over; a reader is of no use afterwards.
    ///
    /// - Parameter isWhole: nothing of it is missing.
    public mutating func finish(isWhole: Bool = true) -> WriteRecognition {
        if isTooLong { service?.abandon() }
        if isTooLong || !isWhole, resource != nil { return .write(unread) }
        return service?.finish(unread: unread, isWhole: isWhole)
            ?? resource?.finish(unread: unread) ?? .write(unread)
    }
}
