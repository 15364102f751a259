import CloudFront
import HTTP
import Testing

/// Source: CloudFront, "Serve compressed files", the list of file types.
@Suite("Which types are compressed")
struct CompressionTests {
    static let types = """
        application/dash+xml application/eot application/font application/font-sfnt
        application/javascript application/json application/opentype application/otf
        application/pdf application/pkcs7-mime application/protobuf application/rss+xml
        application/truetype application/ttf application/vnd.apple.mpegurl
        application/vnd.mapbox-vector-tile application/vnd.ms-fontobject application/wasm
        application/xhtml+xml application/xml application/x-font-opentype
        application/x-font-truetype application/x-font-ttf application/x-httpd-cgi
        application/x-javascript application/x-mpegurl application/x-opentype application/x-otf
        application/x-perl application/x-ttf font/eot font/opentype font/otf font/ttf
        image/svg+xml text/css text/csv text/html text/javascript text/js text/plain text/richtext
        text/tab-separated-values text/xml text/x-component text/x-java-source text/x-script
        vnd.apple.mpegurl
        """.split { $0 == " " || $0 == "\n" }.map(String.init)

    private func suits(_ type: String) -> Bool { type.withBytes { Compression.suits(type: $0) } }

    @Test("each type of the list, in any case, whatever its parameters")
    func listed() {
        #expect(Self.types.count == 48)
        for type in Self.types {
            for text in [type, type.uppercased(), "\(type);charset=utf-8", " \(type) ; a=b"] {
                #expect(suits(text), "\(text)")
            }
            #expect(!suits(type + "x") && !suits(String(type.dropLast())), "\(type)")
        }
    }

    @Test(
        "no other type",
        arguments: [
            "", ";", "application/geo+json", "application/octet-stream", "application/zip",
            "font/woff", "font/woff2", "image/png", "image/jpeg", "image/svg", "text/", "text/json",
            "text/html/plain", "html", "video/mp4",
        ])
    func others(_ type: String) { #expect(!suits(type)) }
}
