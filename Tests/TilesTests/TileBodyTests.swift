import Testing
import Tiles

private let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D]
private let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10]
private let gif = Array("GIF89a\u{1}".utf8)
private let webp = Array("RIFF1234WEBPVP8 ".utf8)
private let report =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><!DOCTYPE ServiceExceptionReport "
    + "SYSTEM \"https://host/geoserver/schemas/wms/1.1.1/WMS_exception_1_1_1.dtd\"> "
    + "<ServiceExceptionReport version=\"1.1.1\" >"

@Suite("Tile bodies: law 5")
struct TileBodyTests {
    @Test(
        "a picture of the requested type fits",
        arguments: [
            (MapFormat.png, "image/png", png), (.png8, "image/png; mode=8bit", png),
            (.png8, "image/png8", png), (.png, "IMAGE/PNG", png), (.jpeg, "image/jpeg", jpeg),
            (.jpeg, "image/jpg", jpeg), (.gif, "image/gif", gif), (.webp, "image/webp", webp),
            (.jpegOrPNG, "image/png", png), (.jpegOrPNG, "image/jpeg", jpeg),
            (.unstated, "image/gif", gif), (.otherImage, "image/tiff", Array("II*\u{0}".utf8)),
            (.otherImage, "image/svg+xml", Array("<?xml version=\"1.0\"?><svg>".utf8)),
            (.notImage, "application/json", Array("{\"type\": 1}".utf8)),
            (.notImage, "application/vnd.google-earth.kml+xml", Array("<kml>".utf8)),
        ])
    func fits(format: MapFormat, type: String, body: [UInt8]) {
        #expect(judge(200, type, body, for: format) == .fits)
    }

    @Test(
        "an exception document is an exception whatever it calls itself",
        arguments: [
            ("application/vnd.ogc.se_xml;charset=UTF-8", report),
            ("text/xml;charset=UTF-8", report),
            ("application/vnd.ogc.se_xml", ""), ("image/png", report), ("", report),
            ("application/xml", "\u{FEFF}<ServiceExceptionReport/>"),
            ("text/xml", "<?xml version='1.0'?>\n<!-- a > b -->\n<ows:ExceptionReport xmlns"),
            ("application/ows+xml", "<ExceptionReport>"),
            ("application/json", "{\"version\": \"1.1.1\", \"exceptions\": [{"),
            ("application/json", "{\"error\""), ("text/javascript", "callback({"),
            ("application/vnd.ogc.wms_xml", "<?xml version=\"1.0\"?><"),
        ])
    func exceptions(type: String, body: String) {
        for format in MapFormat.allCases where format.isImage {
            let isSVG = format == .otherImage && type.contains("svg")
            if !isSVG { #expect(judge(200, type, body, for: format) == .exception) }
        }
    }

    @Test(
        "where no image was asked for, only an exception's own marks are one",
        arguments: [
            ("text/xml", report, TileVerdict.exception), ("text/xml", "<kml>", .fits),
            ("application/vnd.ogc.se_xml", "<a>", .exception),
            ("application/json", "{\"exceptions\": []}", .exception),
            ("application/json", "{\"grid\": []}", .fits), ("", "x", .fits),
            ("text/javascript", "parseResponse({\"version\":\"1.1\",\"exceptions\":[", .exception),
            ("application/json", " f.g$_1 ( {\"exceptions\": []})", .exception),
            ("text/javascript", "/**/ cb({\"exceptions\":[]});", .exception),
            ("text/javascript", "cb({\"features\":[]})", .fits),
            ("text/plain", "see (\"exceptions\")", .fits),
            ("text/plain", "no call {\"exceptions\":[]}", .fits), ("text/plain", "cb(", .fits),
        ])
    func documents(type: String, body: String, verdict: TileVerdict) {
        #expect(judge(200, type, body, for: .notImage) == verdict)
    }

    @Test(
        "what is not the picture that was asked for says why",
        arguments: [
            (200, "image/jpeg", png, TileVerdict.wrongType), (200, "", png, .wrongType),
            (200, "text/html", Array("<!DOCTYPE html><html>".utf8), .wrongType),
            (200, "text/html", Array("<html>".utf8), .wrongType),
            (200, "text/xml", png, .wrongType), (200, "text/plain", Array("no".utf8), .wrongType),
            (200, "image/png", jpeg, .wrongSignature),
            (200, "image/png", [0x89, 0x50], .wrongSignature),
            (200, "image/png", [], .empty), (204, "", [], .empty),
            (404, "image/png", png, .wrongStatus), (206, "image/png", png, .wrongStatus),
            (201, "image/png", png, .wrongStatus), (226, "image/png", png, .wrongStatus),
            (400, "text/html", Array("<html>400: out of range".utf8), .wrongStatus),
            (203, "text/html", Array("<html>".utf8), .wrongType), (203, "image/png", [], .empty),
            (500, "text/xml", Array("<ServiceExceptionReport>".utf8), .exception),
        ] as [(Int, String, [UInt8], TileVerdict)])
    func refused(status: Int, type: String, body: [UInt8], verdict: TileVerdict) {
        #expect(judge(status, type, body) == verdict)
    }

    @Test("an unknown length is no reason to refuse, a length of nothing is")
    func lengths() {
        let type = Array("image/png".utf8)
        func verdict(_ length: UInt64?) -> TileVerdict {
            TileBody.judge(
                status: 200, contentType: type.span.bytes, prefix: png.span.bytes, length: length,
                format: .png)
        }
        #expect(verdict(nil) == .fits)
        #expect(verdict(0) == .empty)
    }

    @Test("each verdict has a word of its own")
    func words() {
        #expect(Set(TileVerdict.allCases.map { "\($0.word)" }).count == TileVerdict.allCases.count)
    }
}
