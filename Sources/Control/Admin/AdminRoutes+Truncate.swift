import Caching
import HTTP
import Tiles

/// Why nothing was truncated: a status and one line.
public struct TruncationRefusal: Error, Equatable {
    var status: Int
    var text: String

    init(_ status: Int, _ text: String) { (self.status, self.text) = (status, text) }
}

extension AdminRequest {
    /// What a POST to the path says in its body; nil: nothing that is read.
    var wantedBody: String? {
        if path == "/explain" { return "the request head" }
        return TileCachePath(path) == nil ? nil : "GeoWebCache's document"
    }
}

// Tiles that are to be gone, by the edge's own command.
extension AdminRoutes {
    /// `POST /truncate?layer=WORKSPACE:NAME`, and of it `bbox=W,S,E,N` in degrees, `zoom=A-B`,
    /// `time=TIME`, `style=WORKSPACE:NAME`.
    func truncate(_ request: AdminRequest) -> AdminResponse {
        if let refusal = acting(request) { return refusal }
        guard let layer = request.parameter("layer"), !layer.isEmpty else {
            return AdminResponse(400, "layer is missing; ask for /truncate?layer=WORKSPACE:NAME")
        }
        let name = LayerName(layer)
        guard (1...WriteScope.nameLimit).contains(name.name.utf8.count),
            name.workspace?.utf8.count ?? 1 <= WriteScope.nameLimit
        else { return AdminResponse(400, "layer is no WORKSPACE:NAME") }
        guard !layer.contains("*") else {
            return AdminResponse(
                400, "a star stands for no layer; name one, or write mapedge invalidate \"/*\"")
        }
        let box: GeographicBox?
        let selection: TileSelection
        do throws(Complaint) {
            box = try value("bbox", of: request, .degrees)
            let time = try value("time", of: request, .timeSpan)
            selection = TileSelection(
                levels: try value("zoom", of: request, .zoomLevels), time: time,
                style: try value("style", of: request, .text).map { LayerName($0) })
        } catch {
            return AdminResponse(400, "\(error.problem); \(error.remedy)")
        }
        var scope = WriteScope()
        let boxes = box.map { [$0] } ?? []
        scope.insert(WriteScope.Part(.layer(name), .tiles, boxes: boxes, selection: selection))
        let words = [
            box == nil ? nil : " in the box",
            selection.levels.map { " at zoom \($0.lowerBound)-\($0.upperBound)" },
            selection.time.map { " of \(printable($0))" },
            selection.style.map { " in style \(printable($0.description))" },
        ].compactMap(\.self).joined()
        let doubt = isListed(name) ? "" : "; no layer of that name is listed"
        return inForce(scope, request) {
            AdminResponse(200, "truncated \(printable(layer))\(words)\(doubt)")
        }
    }

    /// Whether there is such a layer, as far as anybody has read which there are.
    private func isListed(_ name: LayerName) -> Bool {
        let layers = subject.tileLayers(below: "/" + subject.writeContext.root) ?? []
        return layers.isEmpty || layers.contains { LayerName($0.name).mayBe(name) }
    }

    /// nil: nobody said.
    private func value<Value>(
        _ name: String, of request: AdminRequest, _ form: ValueForm<Value>
    ) throws(Complaint) -> Value? {
        guard let text = request.parameter(name) else { return nil }
        do throws(Complaint) { return try form.parse(text) } catch {
            throw Complaint(
                "\(name) is \"\(printable(text))\", which \(error.problem)", error.remedy)
        }
    }

    func inForce(
        _ scope: WriteScope, _ request: AdminRequest, _ answer: () -> AdminResponse
    ) -> AdminResponse {
        do throws(TruncationRefusal) {
            try subject.truncate(scope, bySite: request.isFromSite)
            return answer()
        } catch {
            return AdminResponse(error.status, error.text)
        }
    }
}

extension ValueForm where Value == ClosedRange<UInt8> {
    /// `7`, `3-12`.
    static var zoomLevels: Self {
        Self { text throws(Complaint) in
            let parts = text.split(separator: "-", omittingEmptySubsequences: false).map {
                UInt8($0)
            }
            guard let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2,
                first <= last, last <= 64
            else {
                throw Complaint("is no range of zoom levels", "write FIRST-LAST, such as 3-12")
            }
            return first...last
        }
    }
}

extension ValueForm where Value == String {
    /// A value of TIME that names no present.
    static var timeSpan: Self {
        Self { text throws(Complaint) in
            guard TimeSpan(text) != nil, text.utf8.count <= WriteScope.nameLimit else {
                throw Complaint(
                    "is no time", "write 2016, 2016-05-03T10:00:00Z, or a range: 2016-05/2016-07")
            }
            return text
        }
    }
}

extension ValueForm where Value == GeographicBox {
    /// `-10,40,10,60`: west, south, east and north in degrees. Where west lies beyond east the box
    /// goes over the antimeridian (RFC 7946 §5.2), which both are no farther than.
    static var degrees: Self {
        Self { text throws(Complaint) in
            guard let sides = BoundingBox(numbers: text), sides.south <= sides.north,
                sides.west <= sides.east || sides.west <= 180 && sides.east >= -180,
                let box = GeographicBox(
                    longitudes: (
                        sides.west, sides.west <= sides.east ? sides.east : sides.east + 360
                    ), latitudes: (sides.south, sides.north), of: .picture)
            else {
                throw Complaint(
                    "is no box in degrees", "write WEST,SOUTH,EAST,NORTH, such as -10,40,10,60")
            }
            return box
        }
    }
}
