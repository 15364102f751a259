import Tiles

/// Classifies a target written as text.
func classify(_ target: String) -> MapRequest? {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = Array(parts[0].utf8)
    let query = parts.count > 1 ? Array(parts[1].utf8) : []
    return MapRequest.classify(path: path.span.bytes, query: query.span.bytes)
}

func judge(
    _ status: Int, _ type: String, _ body: [UInt8], length: UInt64? = nil,
    for format: MapFormat = .png
) -> TileVerdict {
    let type = Array(type.utf8)
    let prefix = Array(body.prefix(TileBody.prefixBytes))
    return TileBody.judge(
        status: status, contentType: type.span.bytes, prefix: prefix.span.bytes,
        length: length ?? UInt64(body.count), format: format)
}

func judge(_ status: Int, _ type: String, _ body: String, for format: MapFormat = .png)
    -> TileVerdict
{
    judge(status, type, Array(body.utf8), for: format)
}

func rewritten(_ query: String) -> String? {
    let bytes = Array(query.utf8)
    var room = [UInt8](repeating: 0, count: bytes.count)
    let count = room.withUnsafeMutableBytes {
        MapRequest.rewriteExceptions(bytes.span.bytes, into: $0)
    }
    return count.map { String(decoding: room[..<$0], as: UTF8.self) }
}
