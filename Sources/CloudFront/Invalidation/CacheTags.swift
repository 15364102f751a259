public import Caching
import HTTP

/// Walks the tags of one response, at most 50; those that are none are passed over.
///
/// Source: CloudFront, "Specify cache tags".
public struct CacheTags {
    /// Tags of an object beyond these are ignored.
    public static var limit: Int { 50 }

    private var at = 0
    private var count = 0

    /// A walk that stands before the first tag.
    public init() {}

    /// Goes on with another line of the same field; what was counted stays so.
    public mutating func beginLine() { at = 0 }

    /// The offsets of the next tag in `value`, the same text in each call.
    public mutating func next(in value: RawSpan) -> Range<Int>? {
        while at < value.byteCount, count < Self.limit {
            let end = value.index(of: UInt8(ascii: ","), from: at) ?? value.byteCount
            let tag = value.trimmed(at..<end)
            at = end + 1
            if Self.isTag(value.extracting(tag)) {
                count += 1
                return tag
            }
        }
        return nil
    }

    private static func isTag(_ text: RawSpan) -> Bool {
        guard (1...InvalidationPath.tagLengthLimit).contains(text.byteCount) else { return false }
        for at in 0..<text.byteCount where !(33...126).contains(text[at]) { return false }
        return true
    }
}

extension InvalidationIndex {
    /// The latest rules that match a tag of a stored response. Allocates nothing.
    ///
    /// - Parameter block: its fields in wire form.
    public func numbers(ofTagsIn block: RawSpan) -> Numbers {
        var latest = Numbers(dead: 0, stale: 0)
        for index in 0..<tagFieldCount {
            let field = tagField(index)
            unsafe latest.formMaximum(numbers(ofTagsIn: block, field: field.span.bytes))
        }
        return latest
    }

    private func numbers(ofTagsIn block: RawSpan, field: RawSpan) -> Numbers {
        var latest = Numbers(dead: 0, stale: 0)
        var lines = FieldLines()
        var tags = CacheTags()
        while let line = lines.next(in: block) {
            guard equalsIgnoringCase(block.extracting(line.name), field) else { continue }
            let value = block.extracting(line.value)
            tags.beginLine()
            while let tag = tags.next(in: value) {
                latest.formMaximum(numbers(ofTag: value.extracting(tag), in: field))
            }
        }
        return latest
    }
}
