import Testing
import Tiles
import WireTesting

private func check(
    _ body: [UInt8], _ format: MapFormat, _ width: Int = 30, _ height: Int = 20
) -> ImageFinding {
    check(body, format, size: (width, height))
}

private let png = BlankTile.png(width: 30, height: 20)
private let gif = BlankTile.gif(width: 30, height: 20)
private let jpeg = BlankTile.jpeg(width: 30, height: 20)

/// WebP containers around nothing: the header is all that is looked at.
private func webp(_ kind: String, _ content: [UInt8]) -> [UInt8] {
    let chunk = Array(kind.utf8) + [UInt8(content.count), 0, 0, 0] + content
    return Array("RIFF".utf8) + [UInt8(4 + chunk.count), 0, 0, 0] + Array("WEBP".utf8) + chunk
}

private let lossy = webp("VP8 ", [0, 0, 0, 0x9D, 0x01, 0x2A, 30, 0, 20, 0])
private let lossless = webp("VP8L", [0x2F, 29, 0xC0, 0x04, 0, 0, 0, 0, 0, 0])
private let extended = webp("VP8X", [0, 0, 0, 0, 29, 0, 0, 19, 0, 0])

@Suite("Image check: a whole picture of the asked size, or why not")
struct ImageCheckTests {
    static let pictures: [(MapFormat, [UInt8])] = [
        (.png, png), (.png8, png), (.gif, gif), (.jpeg, jpeg), (.webp, lossy), (.webp, lossless),
        (.webp, extended), (.unstated, png), (.unstated, lossy), (.jpegOrPNG, png),
        (.jpegOrPNG, jpeg),
    ]

    @Test("a picture is whole, and of its own size only", arguments: pictures)
    func whole(format: MapFormat, body: [UInt8]) {
        #expect(check(body, format) == .whole)
        #expect(check(body, format, 31, 20) == .otherSize(width: 30, height: 20))
        #expect(check(body, format, 30, 21) == .otherSize(width: 30, height: 20))
        #expect(check(body, format, size: nil) == .whole)
    }

    @Test("a picture cut anywhere is truncated, or empty", arguments: pictures)
    func truncated(format: MapFormat, body: [UInt8]) {
        for count in 0..<body.count {
            let found = check(Array(body[..<count]), format)
            #expect(found == (count == 0 ? .empty : .truncated), "\(count)")
        }
    }

    @Test("bytes behind the end are no part of a picture", arguments: pictures)
    func longer(format: MapFormat, body: [UInt8]) {
        for more in [[0], Array("</html>".utf8)] as [[UInt8]] {
            let found = check(body + more, format)
            #expect(found == .truncated || found == .wrongLength)
        }
    }

    @Test("another format is named")
    func formats() {
        #expect(check(png, .jpeg) == .otherFormat(.png))
        #expect(check(jpeg, .png) == .otherFormat(.jpeg))
        #expect(check(gif, .jpegOrPNG) == .otherFormat(.gif))
        #expect(check(lossy, .gif) == .otherFormat(.webp))
    }

    @Test(
        "a document in place of a picture",
        arguments: [
            ("<?xml version=\"1.0\"?><ServiceExceptionReport version=\"1.3.0\">", true),
            ("<ows:ExceptionReport xmlns:ows=\"x\">", true),
            ("{\"version\":\"1.1.1\",\"exceptions\":[]}", true),
            ("<!DOCTYPE html><html>", false), ("{\"a\": 1}", false), ("404", false),
        ])
    func documents(text: String, isException: Bool) {
        #expect(check(Array(text.utf8), .png) == (isException ? .serviceException : .notImage))
    }

    @Test("our own exception documents are found out", arguments: ExceptionDialect.allCases)
    func ownDocuments(dialect: ExceptionDialect) {
        let exception = ServiceException(text: "down")
        let found = check(exception.document(dialect), .png)
        #expect(found == (dialect == .tms ? .notImage : .serviceException))
        #expect(check(exception.json(dialect), .png) == .serviceException)
    }

    @Test("a header that its format forbids is damage")
    func damage() {
        var broken = png
        broken[17] ^= 1  // the width, while the checksum stays
        #expect(check(broken, .png) == .damaged)
        var flat = gif
        flat[6] = 0
        #expect(check(flat, .gif) == .damaged)
        var frame = jpeg
        frame[2] = 0xFF
        frame[3] = 0xD9
        #expect(check(frame, .jpeg) == .damaged)
        let frameless: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0, 0, 0xFF, 0xD9]
        #expect(check(frameless, .jpeg) == .damaged)
        var start = lossy
        start[23] = 0
        #expect(check(start, .webp) == .damaged)
        #expect(check(webp("ABCD", [UInt8](repeating: 0, count: 10)), .webp) == .damaged)
    }

    @Test("of a long body its first and last bytes suffice")
    func ends() {
        // A comment of 3,000 bytes hides the frame.
        let comment: [UInt8] = [0xFF, 0xFE, 0x0B, 0xBA] + [UInt8](repeating: 65, count: 3_000)
        let body = Array(jpeg[..<2]) + comment + jpeg[2...]
        #expect(check(body, .jpeg) == .whole)
        #expect(check(body, .jpeg, 1, 1) == .whole)
        let fill = Array(jpeg[..<2]) + [0xFF, 0xFF] + jpeg[2...]
        #expect(check(fill, .jpeg, 1, 1) == .otherSize(width: 30, height: 20))
        let large = BlankTile.png(width: 4096, height: 4096)
        let head = Array(large[..<ImageCheck.headBytes])
        let tail = Array(large[(large.count - ImageCheck.tailBytes)...])
        let check = ImageCheck(format: .png, size: (4096, 4096))
        func found(_ tail: [UInt8]) -> ImageFinding {
            check.check(head: head.span.bytes, tail: tail.span.bytes, length: large.count)
        }
        #expect(found(tail) == .whole)
        #expect(found(Array(tail[1...] + [0])) == .truncated)
    }

    @Test("random bodies never trap")
    func fuzz() {
        var numbers = SeededRandom(seed: 4)
        var found: Set<String> = []
        for _ in 0..<5_000 {
            var body = Self.pictures.randomElement(using: &numbers)?.1 ?? []
            for _ in 0..<3 {
                body[Int.random(in: 0..<body.count, using: &numbers)] =
                    UInt8.random(in: 0...255, using: &numbers)
            }
            if Bool.random(using: &numbers) {
                body.removeLast(Int.random(in: 0..<body.count, using: &numbers))
            }
            found.insert("\(check(body, .unstated).word)")
        }
        #expect(found.count >= 4)
    }

    @Test("each finding has a word and a sentence of its own")
    func words() {
        let all: [ImageFinding] = [
            .whole, .empty, .serviceException, .notImage, .otherFormat(.png),
            .otherSize(width: 1, height: 2), .truncated, .wrongLength, .damaged,
        ]
        #expect(Set(all.map { "\($0.word)" }).count == all.count)
        #expect(Set(all.map { $0.description }).count == all.count)
        #expect(all.filter { $0.isWhole } == [.whole])
    }
}
