import Caching
import HTTP
import Tiles

/// Any bytes as the body of a write, and as the answer to one: however they are split they mean the
/// same, what is found stays within its bounds and survives the log, and a beginning is never less
/// than the whole.
struct TransactionProperty {
    private static let context = WriteContext(
        workspaces: ["http://www.geonode.org/": "geonode"],
        systems: [LayerName("geonode:native"): .longitudeLatitude],
        pointLayers: [LayerName("geonode:points")])

    /// Where bodies go that say what a write is.
    private static let targets = [
        ("/geoserver/wfs", ""), ("/geoserver/geonode/wfs", "request=Transaction"),
        ("/geoserver/gwc/rest/masstruncate", ""), ("/geoserver/gwc/rest/seed/geonode:X.xml", ""),
        ("/geoserver/rest/workspaces/geonode/datastores/d/featuretypes", ""),
        ("/geoserver/rest/geofence/rules", ""),
    ]

    private static let bodies = targets.compactMap { path, query -> (WriteBody, ObservedWrite)? in
        let (path, query, type) = (Array(path.utf8), Array(query.utf8), Array("text/xml".utf8))
        let found = WriteRequest.recognised(
            method: .post, path: path.span.bytes, query: query.span.bytes,
            contentType: type.span.bytes, hasCredentials: true, context: context)
        guard case .body(let body, let unread) = found else { return nil }
        return (body, unread)
    }

    static func faults(_ input: [UInt8]) -> [String] {
        guard bodies.count == targets.count else { return ["a body is looked at no more"] }
        return bodies.flatMap { faults(input, $0.0, $0.1) } + answerFaults(input)
    }

    private static func read(
        _ input: ArraySlice<UInt8>, _ body: WriteBody, _ unread: ObservedWrite, pieceBytes: Int,
        isWhole: Bool = true
    ) -> WriteRecognition {
        var reader = WriteBodyReader(body, unread: unread, context: context)
        var at = input.startIndex
        while at < input.endIndex {
            let end = min(at + pieceBytes, input.endIndex)
            let piece = Array(input[at..<end])
            reader.take(piece.span.bytes)
            at = end
        }
        return reader.finish(isWhole: isWhole)
    }

    private static func faults(
        _ input: [UInt8], _ body: WriteBody, _ unread: ObservedWrite
    ) -> [String] {
        let whole = read(input[...], body, unread, pieceBytes: max(input.count, 1))
        var faults: [String] = []
        for size in [1, 7] where read(input[...], body, unread, pieceBytes: size) != whole {
            faults.append("another write in pieces of \(size)")
        }
        guard case .write(let write) = whole else { return faults }
        let scope = write.scope
        let boxes = scope.parts.reduce(0) { $0 + $1.boxes.count }
        if scope.parts.count > WriteScope.partLimit || boxes > WriteScope.boxLimit {
            faults.append("\(scope.parts.count) parts with \(boxes) boxes")
        }
        let bytes = scope.encoded
        if WriteScope(encoded: bytes.span.bytes) != scope {
            faults.append("the scope does not come back from the log")
        }
        // What is cut off may be more of the same, so that nothing that was found is lost.
        if !scope.isEmpty, case .service = body.form {
            let half = read(
                input[..<(input.count / 2)], body, unread, pieceBytes: max(input.count, 1),
                isWhole: false)
            if half == .read { faults.append("half of a write is none") }
        }
        return faults
    }

    private static func answerFaults(_ input: [UInt8]) -> [String] {
        let forms: [ObservedWrite.ResponseForm] = [.transaction, .divisible, .process, .doubtful]
        return forms.flatMap { form -> [String] in
            let whole = outcome(input, form, pieceBytes: max(input.count, 1))
            return [1, 7].compactMap {
                outcome(input, form, pieceBytes: $0) == whole
                    ? nil : "another outcome in pieces of \($0)"
            }
        }
    }

    private static func outcome(
        _ input: [UInt8], _ form: ObservedWrite.ResponseForm, pieceBytes: Int
    ) -> WriteOutcome {
        var reader = WriteResponseReader(status: 200, form: form)
        for start in stride(from: 0, to: input.count, by: pieceBytes) {
            let piece = Array(input[start..<min(start + pieceBytes, input.count)])
            reader.take(piece.span.bytes)
        }
        return reader.finish(isWhole: true)
    }
}
