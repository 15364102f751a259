import Testing
import Tiles
import WireTesting

private let curl = firstExecutable("/usr/bin/curl", "/usr/local/bin/curl")
private let decoder = firstExecutable("/usr/bin/gdalinfo")

@Suite("Clients and decoders that are not ours")
struct ClientTests {
    /// Runs curl and gives what it wrote.
    private func run(_ arguments: String...) throws -> (exit: Int?, output: String) {
        let directory = try TemporaryDirectory()
        let output = directory.file("output")
        let program = try #require(curl)
        let child = try Child(program, ["-sS", "--max-time", "15"] + arguments, output: output)
        let exit = child.waitForExit()
        return (exit, try readFile(output))
    }

    @Test("curl gets, asks for a part, revalidates and posts", .enabled(if: curl != nil, "no curl"))
    func curls() throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        room.reply(.ok("Cache-Control: max-age=60", "ETag: \"a\"", body: "0123456789"))
        let url = "http://127.0.0.1:\(edge.port)\(room.path())"
        #expect(try run(url) == (0, "0123456789"))
        #expect(try run("--http1.0", url) == (0, "0123456789"))
        #expect(try run("-r", "2-4", url) == (0, "234"))
        #expect(try run("-I", url).output.contains("HTTP/1.1 200 OK\r\n"))
        let code = "%{http_code}"
        #expect(try run("-H", "If-None-Match: \"a\"", "-w", code, url) == (0, "304"))
        #expect(try run(url, url, url).output == "012345678901234567890123456789")
        #expect(room.count == 1)
        room.reply(.ok(body: "posted"), .ok(body: "put"))
        let big = String(repeating: "a", count: 5000)
        #expect(try run("-d", big, "-H", "Expect: 100-continue", url) == (0, "posted"))
        #expect(
            try run("-X", "PUT", "-H", "Transfer-Encoding: chunked", "-d", big, url) == (0, "put"))
        #expect(room.requests.suffix(2).allSatisfy { $0.text == big })
    }

    @Test(
        "GDAL decodes our blank tiles", .enabled(if: decoder != nil, "no gdalinfo"),
        arguments: ["png", "gif", "jpeg", "webp"])
    func blankTiles(format: String) throws {
        let directory = try TemporaryDirectory()
        let program = try #require(decoder)
        for (width, height) in [(1, 1), (257, 255), (4096, 4096)] {
            let bytes =
                switch format {
                case "png": BlankTile.png(width: width, height: height)
                case "gif": BlankTile.gif(width: width, height: height)
                case "webp": BlankTile.webp(width: width, height: height)
                default: BlankTile.jpeg(width: width, height: height)
                }
            let file = try directory.write("tile.\(format)", bytes: bytes)
            let output = directory.file("\(format)-\(width)")
            let child = try Child(program, ["-checksum", file], output: output)
            #expect(child.waitForExit() == 0)
            let text = try readFile(output)
            #expect(text.contains("Size is \(width), \(height)"))
            #expect(text.contains("Checksum="))
            #expect(!(text + child.wholeLog).contains("ERROR"), "\(child.wholeLog)")
        }
    }
}
