import HTTP

/// One item of an invalidation, and what it matches.
///
/// Source: CloudFront, "Specify files to invalidate", "Invalidate by cache tag".
public enum InvalidationPath: Sendable, Hashable {
    /// One path, with `?` and the key's query strings where there are any.
    case exact([UInt8])
    /// Everything that begins so: the path had a `*` at its end, which is left out here.
    case prefix([UInt8])
    /// Everything with that cache tag, in small letters.
    case tag([UInt8])

    /// The longest path, in characters.
    public static var lengthLimit: Int { 4_000 }
    /// The longest tag, without its `#`.
    public static var tagLengthLimit: Int { 256 }

    /// Reads an item of `Paths.Items`.
    public init(_ text: String) throws(APIError) {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, bytes.count <= Self.lengthLimit else {
            throw .invalidPaths
        }
        if first == UInt8(ascii: "#") {
            self = .tag(try Self.tag(bytes.dropFirst()))
            return
        }
        guard first == UInt8(ascii: "/"), bytes.allSatisfy({ Self.isAllowed($0) }) else {
            throw .invalidPaths
        }
        // Anywhere else the star is a byte like any other.
        if bytes.last == UInt8(ascii: "*") {
            self = .prefix(Array(bytes.dropLast()))
            return
        }
        self = .exact(bytes)
    }

    /// The same without a lone `?` at its end: to CloudFront's key a query without content is none.
    public var withoutEmptyQuery: InvalidationPath {
        guard case .exact(let bytes) = self,
            bytes.firstIndex(of: UInt8(ascii: "?")) == bytes.count - 1
        else { return self }
        return .exact(Array(bytes.dropLast()))
    }

    /// Whether an item that was accepted counts against the smaller quota.
    static func isWildcard(_ item: String) -> Bool {
        item.hasSuffix("*") && !item.hasPrefix("#")
    }

    private static func tag(_ bytes: ArraySlice<UInt8>) throws(APIError) -> [UInt8] {
        let isTag = bytes.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: ",") }
        guard !bytes.isEmpty, bytes.count <= tagLengthLimit, isTag else { throw .invalidPaths }
        return bytes.map { lowercased($0) }
    }

    /// What is not ASCII, or unsafe by RFC 1738 §2.2, has to be percent-encoded; the single quote
    /// is refused as well.
    static func isAllowed(_ byte: UInt8) -> Bool {
        guard (33...126).contains(byte) else { return false }
        return !"\"<>#{}|\\^~[]`'".utf8.contains(byte)
    }

    /// Why an accepted path clears less than its author may think; nil: nothing stands out.
    public func advice(keysQueryStrings: Bool) -> String? {
        guard case .exact(let bytes) = withoutEmptyQuery else { return nil }
        let path = String(decoding: bytes, as: UTF8.self)
        if path.lowercased().contains("%2a") {
            return "%2A is no wildcard; write * at the end"
        }
        if path.lowercased().contains("%7e") {
            return "paths with ~ cannot be invalidated; use a wildcard before it"
        }
        if keysQueryStrings, !bytes.contains(UInt8(ascii: "?")) {
            return "query strings are in the key, and the path has none; add * to clear all"
        }
        return nil
    }
}
