import HTTP
import Testing
import Tiles

@testable import Edge

@Suite("A document of a map service is known by its beginning, and capabilities by their end")
struct DocumentCheckTests {
    private static let whole =
        "<?xml version=\"1.0\"?><WMS_Capabilities><Service/></WMS_Capabilities>"
    private static let report =
        "<ServiceExceptionReport><ServiceException>no</ServiceException></ServiceExceptionReport>"

    private func verdict(
        _ bytes: [UInt8], isCapabilities: Bool = true, isGzip: Bool = false, piece: Int,
        isComplete: Bool = true
    ) throws -> TileVerdict {
        let check = try #require(
            DocumentCheck(isCapabilities: isCapabilities, isGzip: isGzip))
        for start in stride(from: 0, to: bytes.count, by: piece) {
            bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { check.take($0) }
        }
        return check.verdict(type: Array("text/xml".utf8).span.bytes, isComplete: isComplete)
    }

    @Test(
        "capabilities",
        arguments: [
            (whole, TileVerdict.fits), (String(whole.dropLast(3)), .incomplete),
            (whole + "<more/>", .incomplete), (report, .exception),
            ("<WMS_Capabilities><Service>" + report, .exception),
            ("<html><body>no<br></body></html>", .fits), ("{\"a\": [", .fits),
            ("\u{FEFF}<WMS_Capabilities>", .incomplete),
            ("", .incomplete),
        ])
    func capabilities(_ text: String, _ expected: TileVerdict) throws {
        for piece in [1, 7, 4_096] {
            #expect(try verdict(Array(text.utf8), piece: piece) == expected)
        }
    }

    @Test("as long as it may go on, half of it is no fault")
    func goesOn() throws {
        let half = Array(Self.whole.utf8.dropLast(3))
        #expect(try verdict(half, piece: 5, isComplete: false) == .fits)
    }

    @Test("features are known by their beginning alone")
    func features() throws {
        let cut = Array("<wfs:FeatureCollection><gml:featureMember>".utf8)
        #expect(try verdict(cut, isCapabilities: false, piece: 3) == .fits)
        #expect(try verdict(Array(Self.report.utf8), isCapabilities: false, piece: 3) == .exception)
        let json = Array("{\"version\": \"2\", \"exceptions\": []}".utf8)
        #expect(try verdict(json, isCapabilities: false, piece: 3) == .exception)
    }
}
