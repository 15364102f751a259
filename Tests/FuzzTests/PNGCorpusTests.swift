import Foundation
import HTTP
import Testing
import Tiles

// Foundation reads the corpus directory; nothing below it can.
@Suite("Corpus: PNG")
struct PNGCorpusTests {
    static let files = corpus("png")

    @Test("the corpus is there")
    func present() {
        #expect(Self.files.count >= 30)
    }

    private func decode(_ bytes: [UInt8]) throws -> PixelBuffer {
        try PNG.decode(bytes.span.bytes)
    }

    @Test("what is good is decoded, and the same when written again", arguments: files)
    func replay(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        let isGood = file.lastPathComponent.hasPrefix("good-")
        guard isGood else {
            #expect(throws: PNGError.self) { try decode(bytes) }
            return
        }
        let picture = try decode(bytes)
        let written = try #require(PNG.encode(picture))
        #expect(try decode(written).rgba == picture.rgba)
        let finding = ImageCheck(format: .png).check(bytes.span.bytes)
        #expect(finding == .whole)
    }

    @Test("cut anywhere it is refused", arguments: files)
    func cut(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        for count in 0..<(bytes.count - 1) {
            let part = Array(bytes[..<count])
            #expect(throws: PNGError.self) { try decode(part) }
        }
    }
}
