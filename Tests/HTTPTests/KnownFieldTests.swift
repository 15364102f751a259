import HTTP
import Testing

@Suite("Known fields")
struct KnownFieldTests {
    @Test(
        "each name is found in any case, and no name with a byte more, less or other",
        arguments: KnownField.allCases)
    func names(_ field: KnownField) {
        let name = field.name.description
        guard field != .other else {
            #expect(name.isEmpty)
            return
        }
        #expect(named(name) == field && named(name.uppercased()) == field)
        let capitalised = name.split(separator: "-").map {
            $0.prefix(1).uppercased() + $0.dropFirst()
        }
        #expect(named(capitalised.joined(separator: "-")) == field)
        #expect(named(name + "x") == .other && named("x" + name) == .other)
        #expect(named(String(name.dropLast())) != field)
        for index in name.utf8.indices {
            var bytes = Array(name.utf8)
            let offset = name.utf8.distance(from: name.utf8.startIndex, to: index)
            let original = bytes[offset]
            for other in UInt8.min...UInt8.max where other | 0x20 != original | 0x20 {
                bytes[offset] = other
                let found = bytes.withUnsafeBytes { KnownField.named($0.bytes) }
                #expect(found != field)
            }
        }
    }

    @Test("a bit that only letters may differ in makes a dash no other byte")
    func dash() {
        #expect(named("cache\rcontrol") == .other)
        #expect(named("http\u{12}-settings") == .other)
    }

    @Test("a name is found wherever the text ends behind it")
    func place() {
        for field in KnownField.allCases where field != .other {
            for rest in ["", ":", ": value that is longer than a word"] {
                let bytes = Array((field.name.description + rest).utf8)
                let found = bytes.withUnsafeBytes {
                    KnownField.named($0.bytes.extracting(0..<field.name.utf8CodeUnitCount))
                }
                #expect(found == field)
            }
        }
    }

    @Test("a name is found in a head, with other lines behind it")
    func head() {
        for field in KnownField.allCases where ![.other, .host].contains(field) {
            for name in ["\(field.name)", "\(field.name)".uppercased()] {
                let value = field == .expect ? "100-continue" : "0"
                let head = parse(
                    Array("GET / HTTP/1.1\r\nHost: h\r\n\(name): \(value)\r\nX: y\r\n\r\n".utf8))
                if [.transferEncoding, .http2Settings].contains(field) { continue }
                #expect(head.isComplete, "\(name)")
            }
        }
    }

    @Test("the empty name, one byte and long names are nobody's")
    func none() {
        for name in ["", "x", String(repeating: "x", count: 300)] { #expect(named(name) == .other) }
    }

    @Test("all cases fit into one set of 64 bits, each with a bit of its own")
    func bits() {
        #expect(KnownField.allCases.count <= 63)
        #expect(Set(KnownField.allCases.map { $0.bit }).count == KnownField.allCases.count)
    }

    @Test("RFC 9110 §7.6.1: the hop-by-hop fields are known as such")
    func hopByHop() {
        for name in [
            "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Transfer-Encoding", "Upgrade",
        ] {
            #expect(named(name).isHopByHop)
        }
        for field in [KnownField.other, .host, .cacheControl, .contentLength, .via, .etag] {
            #expect(!field.isHopByHop)
        }
    }

    @Test("an unknown trailer, and ETag, may be passed on")
    func trailers() {
        for name in ["X-Checksum", "ETag", "Server-Timing", "Digest"] {
            #expect(withSpan(name) { KnownField.mayBeTrailer(name: $0) })
        }
    }

    private func named(_ name: String) -> KnownField { withSpan(name) { KnownField.named($0) } }
}
