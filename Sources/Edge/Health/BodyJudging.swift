import Caching
import HTTP
import Tiles

// What an answer is worth whose status says that it is good (law 5).
extension LoopState where N: ~Copyable {
    /// The verdict on a body whose first bytes are here.
    mutating func judge(_ judged: JudgedBody, _ fetch: Fetch) -> FetchedHead {
        let head = judged.head
        guard judged.isJudged else { return head }
        let document = fetch.evidence.document
        let ofMap = fetch.exchange.map.flatMap { $0.isImage ? $0.request.format : nil }
        let format = document == nil ? judged.format ?? ofMap : nil
        guard document != nil || format != nil else {
            return searched(search(judged, fetch), judged.search, fetch)
        }
        let length =
            fetch.body.isComplete
            ? UInt64(fetch.shared.total) : head.declaredLength.map { UInt64($0) }
        let type = head.mediaType
        let verdict: TileVerdict
        if let document {
            verdict = unsafe document.verdict(
                type: type.span.bytes, isComplete: fetch.body.isComplete)
        } else {
            verdict = unsafe TileBody.judge(
                status: head.status, contentType: type.span.bytes,
                prefix: beginning(fetch).span.bytes, length: length,
                format: format ?? .unstated)
        }
        if verdict == .fits {
            return hasOtherSize(fetch) ? FetchedHead(head, rejected: .wrongSize) : head
        }
        return FetchedHead(head, rejected: verdict)
    }

    /// The picture's first bytes. Those of a legend may have been compressed on their way, though a
    /// map's, which everybody gets alike, never are.
    private func beginning(_ fetch: Fetch) -> [UInt8] {
        guard fetch.exchange.legend != nil else {
            return fetch.shared.prefix(TileBody.prefixBytes)
        }
        return Self.plain(fetch.shared.prefix(ExceptionReport.prefixBytes))
    }

    /// Whether the picture, of which all is here, has another size than was asked for. Of a
    /// metatile's that shows when it is cut.
    private func hasOtherSize(_ fetch: Fetch) -> Bool {
        guard fetch.body.isComplete, fetch.gzip == nil, !fetch.exchange.asksForMetatile,
            let map = fetch.exchange.map, map.isImage, let size = map.tile?.size
        else { return false }
        let wanted = (size.width, size.height)
        let finding = unsafe ImageCheck(format: map.request.format, size: wanted).check(
            head: fetch.shared.prefix(ImageCheck.headBytes).span.bytes,
            tail: fetch.shared.suffix(ImageCheck.tailBytes).span.bytes, length: fetch.shared.total)
        if case .otherSize = finding { return true }
        return false
    }
}
