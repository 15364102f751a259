import Testing
import WireTesting

@Suite("RFC 9110 §14.6: several ranges at once")
struct MultipartTests {
    private struct Part: Equatable {
        var range: String
        var type: String
        var body: String
    }

    /// Takes a multipart body apart by the boundary that its type names; nil if it is none.
    private func parts(_ response: Response) -> [Part]? {
        let type = response["Content-Type"] ?? ""
        guard type.hasPrefix("multipart/byteranges; boundary=") else { return nil }
        let boundary = type.dropFirst("multipart/byteranges; boundary=".count).filter { $0 != "\"" }
        let lines = Array(
            response.text.unicodeScalars.split(separator: "\n").map {
                String(String.UnicodeScalarView($0)).filter { $0 != "\r" }
            })
        guard lines.last == "--\(boundary)--" else { return nil }
        var parts: [Part] = []
        for line in lines {
            let value = line.split(separator: ":", maxSplits: 1).last.map { $0.dropFirst() } ?? ""
            if line == "--\(boundary)" {
                parts.append(Part(range: "", type: "", body: ""))
            } else if parts.isEmpty || line == "--\(boundary)--" || line.isEmpty {
                continue
            } else if line.lowercased().hasPrefix("content-range:") {
                parts[parts.count - 1].range = String(value)
            } else if line.lowercased().hasPrefix("content-type:") {
                parts[parts.count - 1].type = String(value)
            } else {
                parts[parts.count - 1].body += line
            }
        }
        return parts
    }

    @Test("each part says its range and its type, and the length is that of all")
    func multipart() throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        room.reply(
            .ok(
                "Cache-Control: max-age=60", "Content-Type: text/frob", "ETag: \"a\"",
                body: "0123456789"))
        _ = try edge.get(room.path())
        let response = try edge.get(room.path(), "Range: bytes=0-1, 4-5,-2")
        #expect(response.status == 206)
        #expect(response["Content-Range"] == nil)
        #expect(response["ETag"] == "\"a\"")
        #expect(
            parts(response) == [
                Part(range: "bytes 0-1/10", type: "text/frob", body: "01"),
                Part(range: "bytes 4-5/10", type: "text/frob", body: "45"),
                Part(range: "bytes 8-9/10", type: "text/frob", body: "89"),
            ])
        #expect(room.count == 1)
    }

    @Test("RFC 2046 §5.1.1: nobody can foresee what stands between the parts")
    func boundaries() throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        room.reply(
            .ok(
                "Cache-Control: max-age=60", "Content-Type: text/frob",
                body: "\r\n--mapedge-0-0--\r\n"))
        _ = try edge.get(room.path())
        var types: Set<String> = []
        for _ in 0..<8 {
            let response = try edge.get(room.path(), "Range: bytes=0-1,5-15")
            let type = try #require(response["Content-Type"])
            let boundary = type.split(separator: "=").last.map(String.init) ?? ""
            #expect((24...70).contains(boundary.utf8.count))
            #expect(parts(response)?.map(\.range) == ["bytes 0-1/19", "bytes 5-15/19"])
            types.insert(type)
        }
        #expect(types.count == 8)
    }

    @Test("parts of a large entry are the right bytes")
    func large() throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        let body = String(decoding: (0..<100_000).map { UInt8(97 + $0 % 23) }, as: UTF8.self)
        room.reply(.ok("Cache-Control: max-age=60", body: body))
        _ = try edge.get(room.path())
        let response = try edge.get(room.path(), "Range: bytes=4000-4200,50000-60000,99999-")
        let bytes = Array(body.utf8)
        let expected = [4000...4200, 50_000...60_000, 99_999...99_999].map {
            String(decoding: bytes[$0], as: UTF8.self)
        }
        #expect(parts(response)?.map(\.body) == expected)
    }
}
