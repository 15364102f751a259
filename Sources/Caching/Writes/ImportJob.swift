import HTTP

/// A run of GeoServer's importer, or a job of GeoNode's, which may go on behind the answer to
/// whoever started it, and whose state can be asked for.
///
/// A POST to an import runs it and is answered with 204, with a parameter `async` (whatever its
/// value, in the first versions) before it is done; a POST to `imports` with `exec=true` runs what
/// it makes. Source: GeoServer, `org.geoserver.importer.rest.ImportController`, `ImportResource`.
public struct ImportJob: Sendable, Equatable {
    /// Its own; nil: the answer to whoever starts it says it.
    public var id: String?

    public init(id: String? = nil) { self.id = id }

    /// The job whose state a GET of a path asks for; nil: none's.
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
        guard let place = segments.firstIndex(of: "rest") else { return executed(segments) }
        let names = WritePath.resource(Array(segments[(place + 1)...]))
        return names.count == 2 && names[0] == "imports" ? names[1] : nil
    }

    /// GeoNode's name of a job of its own, as answers to whoever starts one have it; nil: none's.
    private static func executed(_ segments: [Substring]) -> String? {
        guard let place = segments.firstIndex(of: "v2"), place > 0, segments[place - 1] == "api"
        else { return nil }
        let names = Array(segments[(place + 1)...])
        if names.count == 2, names[0] == "executionrequest" { return String(names[1]) }
        let isStatus = names.prefix(2) == ["resource-service", "execution-status"]
        return isStatus && names.count == 3 ? String(names[2]) : nil
    }

    /// Whether a job's own document says that it is over: an import, that all of its tasks are
    /// done, its state COMPLETE (one whose tasks failed never says so,
    /// `ImportContext.updateState`); GeoNode's, that it is finished or has failed, which no job
    /// goes on from (`ExecutionRequest`).
    ///
    /// - Parameter json: its beginning is enough, as far as the state.
    static func isComplete(_ json: [UInt8]) -> Bool {
        if JSONMember.text(at: ["import", "state"], in: json) == "COMPLETE" { return true }
        return [["status"], ["request", "status"]].contains { path in
            JSONMember.text(at: path, in: json).map { ["finished", "failed"].contains($0) } ?? false
        }
    }
}
