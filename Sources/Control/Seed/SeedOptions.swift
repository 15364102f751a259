internal import Tiles

/// What `mapedge seed` is told, as the command line has it.
public struct SeedOptions: Sendable {
    /// `WORKSPACE:NAME`.
    public var layer: String
    public var zoom: String?
    public var bbox: String?
    /// A box in the units of the grid set.
    public var gridBox: String?
    /// A GeoJSON file.
    public var polygon: String?
    /// Access logs; the area is what is hot in them.
    public var logs: [String] = []
    public var top = 10_000
    public var gridSet: String?
    /// A directory with further ones.
    public var gridSetFiles: String?
    public var format: String?
    public var style: String?
    public var time: String?
    /// TRANSPARENT=FALSE.
    public var isOpaque = false
    /// The path above the services.
    public var path = "/geoserver"
    /// `http://HOST[:PORT]` of the edge.
    public var edge = "http://127.0.0.1:8080"
    /// The Host that viewers ask with; nil: the log's, or the edge's own address.
    public var host: String?
    public var rate: String?
    public var concurrency = 2
    public var failures = 20
    /// Where the job's state is kept.
    public var state: String?
    /// What is stored is replaced, too.
    public var replaces = false

    /// The same as `gridBox`, in numbers.
    var bounds: BoundingBox?
    /// Nobody reads what it notes, so that doubts are reasons not to begin.
    var isUnattended = false

    public init(layer: String) { self.layer = layer }
}

extension SeedOptions {
    /// - Throws: for what is no number of its range, or says two things.
    func check() throws(CommandMistake) {
        let name = layer.split(separator: ":", omittingEmptySubsequences: false)
        guard !layer.isEmpty, name.count <= 2, name.allSatisfy({ !$0.isEmpty }) else {
            throw CommandMistake(
                "\"\(printable(layer))\" is no layer; write WORKSPACE:NAME", isUsage: true)
        }
        let areas =
            [
                bbox.map { _ in "--bbox" }, gridBox.map { _ in "--bounds" },
                polygon.map { _ in "--polygon" },
            ]
            .compactMap { $0 } + (logs.isEmpty ? [] : ["--from-log"])
        guard areas.count <= 1 else {
            throw CommandMistake(
                "\(areas.joined(separator: " and ")) name two areas; give one of them",
                isUsage: true)
        }
        guard zoom != nil || !logs.isEmpty else {
            throw CommandMistake(
                "--zoom is missing; give levels, such as --zoom 0-5", isUsage: true)
        }
        try range("--top", top, 1...HotTiles.tilesMax)
        try range("--concurrency", concurrency, 1...64)
        try range("--give-up", failures, 1...10_000)
        guard path == "" || path == "/" || path.hasPrefix("/") && !path.hasSuffix("/"),
            path.utf8.allSatisfy({ $0 > 32 && $0 < 127 && !"?#%*".utf8.contains($0) })
        else {
            throw CommandMistake(
                "--path is \"\(printable(path))\", which is no path of services; write what stands "
                    + "before /wms, such as /geoserver", isUsage: true)
        }
        for (flag, text) in [("--style", style), ("--time", time), ("--format", format)] {
            guard let text else { continue }
            do throws(Complaint) { _ = try ValueForm<String>.fieldValue.parse(text) } catch {
                throw CommandMistake(flag, text, error)
            }
        }
        if let host, host.isEmpty || !host.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) {
            throw CommandMistake(
                "--host", host, Complaint("is no Host", "write a name, such as maps.example.org"))
        }
    }

    private func range(
        _ flag: String, _ value: Int, _ range: ClosedRange<Int>
    ) throws(CommandMistake) {
        guard range.contains(value) else {
            throw CommandMistake(
                "\(flag) is \(value), which is out of range; give \(range.lowerBound) to "
                    + "\(range.upperBound)", isUsage: true)
        }
    }
}
