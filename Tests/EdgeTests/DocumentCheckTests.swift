import HTTP
import Testing
import Tiles

@testable import Edge

@Suite("A document of a map service is known by its beginning, and by its end")
struct DocumentCheckTests {
    private static let whole =
        "<?xml version=\"1.0\"?><WMS_Capabilities><Service/></WMS_Capabilities>"
    private static let report =
        "<ServiceExceptionReport><ServiceException>no</ServiceException></ServiceExceptionReport>"
    private static let type = Array("text/xml".utf8)

    private func check(
        _ bytes: [UInt8], _ asked: AskedDocument, isGzip: Bool = false, piece: Int
    ) throws -> DocumentCheck {
        let type = Self.type
        let found = DocumentCheck(asked, type: type.span.bytes, isGzip: isGzip)
        let check = try #require(found)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { check.take($0) }
        }
        return check
    }

    private func verdict(
        _ bytes: [UInt8], _ asked: AskedDocument = AskedDocument(.capabilities),
        isGzip: Bool = false, piece: Int, isComplete: Bool = true
    ) throws -> TileVerdict {
        let type = Self.type
        return try check(bytes, asked, isGzip: isGzip, piece: piece)
            .verdict(type: type.span.bytes, isComplete: isComplete)
    }

    @Test(
        "capabilities",
        arguments: [
            (whole, TileVerdict.fits), (String(whole.dropLast(3)), .incomplete),
            (whole + "<more/>", .incomplete), (report, .exception),
            ("<WMS_Capabilities><Service>" + report, .exception),
            ("<WMS_Capabilities><a></b></WMS_Capabilities>", .incomplete),
            ("<html><body>no<br></body></html>", .wrongDocument), ("{\"a\": [", .wrongDocument),
            ("<FeatureCollection/>", .fits), ("GeoServer is starting", .wrongDocument),
            ("\u{FEFF}<WMS_Capabilities>", .incomplete),
            ("", .incomplete),
        ])
    func capabilities(_ text: String, _ expected: TileVerdict) throws {
        for piece in [1, 7, 4_096] {
            #expect(try verdict(Array(text.utf8), piece: piece) == expected)
        }
    }

    /// UTF-16 with its mark.
    private static func wide(_ text: String, isBig: Bool) -> [UInt8] {
        "\u{FEFF}\(text)".utf16.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(truncatingIfNeeded: unit))
            return isBig ? [high, low] : [low, high]
        }
    }

    @Test(
        "capabilities of two bytes a character",
        arguments: [
            (whole, TileVerdict.fits), (String(whole.dropLast(3)), .incomplete),
            ("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>\(long)</a>", .fits),
            ("<WMS_Capabilities>\(long)</WMS_Capabilities>", .fits),
            ("<WMS_Capabilities>\(long)</Layer>", .incomplete), (report, .exception),
            ("<WMS_Capabilities><Service>" + report, .exception),
            ("<HTML>\(long)</HTML>", .wrongDocument),
            // Told apart by no reader alike.
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>", .fits),
        ])
    func wideCapabilities(_ text: String, _ expected: TileVerdict) throws {
        for (piece, isBig) in [(1, true), (7, false), (4_096, true)] {
            #expect(try verdict(Self.wide(text, isBig: isBig), piece: piece) == expected)
        }
    }

    private static let long = String(repeating: "<Layer>\u{1F30D}ü</Layer>", count: 80)

    @Test("as long as it may go on, half of it is no fault")
    func goesOn() throws {
        let half = Array(Self.whole.utf8.dropLast(3))
        #expect(try verdict(half, piece: 5, isComplete: false) == .fits)
    }

    private static let features = AskedDocument(.features)

    @Test("features go out when their beginning is here, and are known by their end")
    func endings() throws {
        let start = "<wfs:FeatureCollection>" + String(repeating: "<f/>", count: 40)
        let begun = try check(Array(start.utf8), Self.features, piece: 11)
        let type = Self.type
        #expect(begun.isDecided && !begun.isCapabilities)
        #expect(begun.verdict(type: type.span.bytes, isComplete: false) == .fits)
        #expect(begun.verdict(type: type.span.bytes, isComplete: true) == .incomplete)
        let whole = Array((start + "</wfs:FeatureCollection>").utf8)
        #expect(try verdict(whole, Self.features, piece: 9) == .fits)
        let failed = Array((start + Self.report + "</wfs:FeatureCollection>").utf8)
        #expect(try verdict(failed, Self.features, piece: 9) == .exception)
        #expect(try verdict(Array(Self.report.utf8), Self.features, piece: 3) == .exception)
        let json = Array("{\"version\": \"2\", \"exceptions\": []}".utf8)
        #expect(try verdict(json, Self.features, piece: 3) == .exception)
    }

    @Test("capabilities are held back to their end, but for what shows that they are none")
    func held() throws {
        let asked = AskedDocument(.capabilities)
        let long = "<WMS_Capabilities>" + String(repeating: "<Layer/>", count: 40)
        #expect(try !check(Array(long.utf8), asked, piece: 64).isDecided)
        #expect(try check(Array("busy".utf8), asked, piece: 64).isDecided)
    }

    @Test("what a member compresses is read all the same, to its end")
    func compressed() throws {
        let start = "<wfs:FeatureCollection>" + String(repeating: "<f/>", count: 4_000)
        for (text, expected) in [
            (start, TileVerdict.incomplete), (start + "</wfs:FeatureCollection>", .fits),
            (start + String(repeating: " ", count: 70_000) + "</wfs:FeatureCollection>", .fits),
            (start + Self.report + "</wfs:FeatureCollection>", .exception),
        ] {
            let bytes = gzip(Array(text.utf8))
            for piece in [5, 4_096] {
                #expect(
                    try verdict(bytes, Self.features, isGzip: true, piece: piece) == expected)
            }
        }
        // No gzip, though it says so: nothing is known of it.
        let plain = Array(start.utf8)
        #expect(try verdict(plain, Self.features, isGzip: true, piece: 64) == .fits)
    }

    private func gzip(_ plain: [UInt8]) -> [UInt8] {
        guard var writer = GzipWriter(level: 5) else { return [] }
        var room = [UInt8](repeating: 0, count: plain.count + 1_024)
        let step = room.withUnsafeMutableBytes {
            writer.write(plain.span.bytes, .finished, into: $0)
        }
        return Array(room[..<step.produced])
    }
}
