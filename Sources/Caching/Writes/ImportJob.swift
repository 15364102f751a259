import HTTP

/// A run of GeoServer's importer, which may go on behind the answer to whoever started it, and
/// whose state can be asked for.
///
/// A POST to an import runs it and is answered with 204, with a parameter `async` (whatever its
/// value, in the first versions) before it is done; a POST to `imports` with `exec=true` runs what
/// it makes. Source: GeoServer, `org.geoserver.importer.rest.ImportController`, `ImportResource`.
public struct ImportJob: Sendable, Equatable {
    /// Of the import; nil: its answer says where it is.
    public var id: String?

    public init(id: String? = nil) { self.id = id }

    /// The import whose state a GET of a path asks for; nil: none's.
    public static func asked(_ path: RawSpan, _ context: WriteContext) -> String? {
        let parsed = WritePath(path)
        return named(in: parsed.behind(context.root) ?? parsed.segments)
    }

    /// The import that a Location leads to; nil: none.
    public static func made(at location: RawSpan) -> String? {
        var path = 0
        while path < location.byteCount, location[path] != UInt8(ascii: "?") { path += 1 }
        return named(in: WritePath(location.extracting(0..<path)).segments)
    }

    /// - Parameter segments: of a path, `rest` among them.
    private static func named(in segments: [Substring]) -> String? {
        guard let place = segments.firstIndex(of: "rest") else { return nil }
        let names = WritePath.resource(Array(segments[(place + 1)...]))
        return names.count == 2 && names[0] == "imports" ? names[1] : nil
    }

    /// Whether an import's own document says that all of its tasks are done: that its state is
    /// COMPLETE. One whose tasks failed never says so (`ImportContext.updateState`).
    ///
    /// - Parameter json: its beginning is enough, as far as the state.
    static func isComplete(_ json: [UInt8]) -> Bool {
        // The name of the member at hand in each object or list that is open.
        var names: [ArraySlice<UInt8>] = []
        var (text, at) = (ArraySlice<UInt8>(), 0)
        while at < json.count {
            switch json[at] {
            case UInt8(ascii: "\""):
                let start = at + 1
                at = start
                while at < json.count, json[at] != UInt8(ascii: "\"") {
                    at += json[at] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard at < json.count else { return false }
                text = json[start..<at]
                if names.count == 2, names[0].elementsEqual("import".utf8),
                    names[1].elementsEqual("state".utf8)
                {
                    return text.elementsEqual("COMPLETE".utf8)
                }
            case UInt8(ascii: ":"): if !names.isEmpty { names[names.count - 1] = text }
            case UInt8(ascii: ","): if !names.isEmpty { names[names.count - 1] = [] }
            case UInt8(ascii: "{"), UInt8(ascii: "["): names.append([])
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = names.popLast()
            default: break
            }
            at += 1
        }
        return false
    }
}
