import Reactor
import Testing

private let ipv4Addresses: [UInt8] =
    [192, 0, 2, 1, 198, 51, 100, 7, 0xC0, 0x01, 0x01, 0xBB]
private let ipv6Addresses: [UInt8] =
    [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
    + [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [2]
    + [0xC0, 0x01, 0x01, 0xBB]
/// Two fields: NOOP with three bytes, and an empty one of a private type.
private let fields: [UInt8] = [0x04, 0, 3, 9, 9, 9, 0xE0, 0, 0]

@Suite("PROXY protocol version 2, §2.2")
struct ProxyProtocolTests {
    @Test(
        "a PROXY header carries the viewer's address",
        arguments: [
            (UInt8(0x11), ipv4Addresses, "192.0.2.1:49153"),
            (0x12, ipv4Addresses, "192.0.2.1:49153"),
            (0x21, ipv6Addresses, "[2001:db8::1]:49153"),
            (0x22, ipv6Addresses, "[2001:db8::1]:49153"),
        ], [[], fields])
    func proxied(_ shape: (family: UInt8, addresses: [UInt8], source: String), extra: [UInt8]) {
        let bytes = header(0x21, shape.family, shape.addresses + extra)
        let expected = ProxyHeader.header(
            length: bytes.count, source: SocketAddress(shape.source))
        #expect(parse(bytes) == expected)
        #expect(parse(bytes + Array("GET / HTTP/1.1\r\n".utf8)) == expected)
    }

    @Test(
        "a proxy that speaks for itself leaves the connection's own peer",
        arguments: [
            (UInt8(0x00), 0), (0x11, 12), (0x11, 3), (0xFF, 40),
        ])
    func local(family: UInt8, length: Int) {
        let bytes = header(0x20, family, [UInt8](repeating: 0, count: length))
        #expect(parse(bytes) == .header(length: 16 + length, source: nil))
    }

    @Test(
        "of a viewer without an IP address nothing is known",
        arguments: [(UInt8(0x00), 0), (0x31, 216), (0x32, 216)])
    func unknown(family: UInt8, length: Int) {
        let bytes = header(0x21, family, [UInt8](repeating: 0, count: length))
        #expect(parse(bytes) == .unknown(length: 16 + length))
    }

    @Test(
        "every beginning of a header asks for more",
        arguments: [
            header(0x21, 0x11, ipv4Addresses + fields), header(0x21, 0x21, ipv6Addresses),
            header(0x20, 0x00, []), header(0x21, 0x31, [UInt8](repeating: 7, count: 216)),
        ])
    func truncated(bytes: [UInt8]) {
        for length in 0..<bytes.count {
            #expect(parse(Array(bytes[..<length])) == .needMore, "\(length) bytes")
        }
        #expect(parse(bytes) != .needMore)
    }

    @Test func `a wrong byte of the signature is refused as soon as it is there`() {
        let bytes = header(0x21, 0x11, ipv4Addresses)
        for place in 0..<12 {
            var damaged = Array(bytes[...place])
            damaged[place] ^= 1
            #expect(parse(damaged) == .malformed, "byte \(place)")
        }
        #expect(parse(Array("GET /".utf8)) == .malformed)
        #expect(parse(Array("PROXY TCP4 192.0.2.1".utf8)) == .malformed)
    }

    @Test(
        "a version, command or family that is not defined is refused",
        arguments: [
            (UInt8(0x11), UInt8(0x11)), (0x31, 0x11), (0x22, 0x11), (0x2F, 0x11), (0x01, 0x11),
            (0x21, 0x10), (0x21, 0x13), (0x21, 0x01), (0x21, 0x41), (0x21, 0xFF),
        ])
    func undefined(command: UInt8, family: UInt8) {
        let body = [UInt8](repeating: 0, count: 216)
        #expect(parse(header(command, family, body)) == .malformed)
    }

    @Test(
        "a length too short for its addresses is refused",
        arguments: [(UInt8(0x11), 11), (0x12, 0), (0x21, 35), (0x22, 12), (0x31, 215)])
    func short(family: UInt8, length: Int) {
        let bytes = header(0x21, family, [UInt8](repeating: 0, count: length))
        #expect(parse(Array(bytes[..<16])) == .malformed)
    }

    @Test(
        "fields that do not fill the header exactly are refused",
        arguments: [
            [0x04], [0x04, 0], [0x04, 0, 1], [0x04, 0, 2, 9], [0x04, 0xFF, 0xFF, 9],
            [0x04, 0, 0, 0x04], [0x04, 0, 3, 9, 9, 9, 0xE0, 0, 1],
        ] as [[UInt8]])
    func wrongFields(damaged: [UInt8]) {
        #expect(parse(header(0x21, 0x11, ipv4Addresses + damaged)) == .malformed)
        #expect(parse(header(0x21, 0x00, damaged)) == .malformed)
    }

    @Test func `a header over the limit is refused before it is waited for`() {
        let long = [0x04, 0x10, 0x00] + [UInt8](repeating: 0, count: 4_096)
        let bytes = header(0x21, 0x11, ipv4Addresses + long)
        #expect(parse(Array(bytes[..<16])) == .malformed)
        let expected = ProxyHeader.header(
            length: bytes.count, source: SocketAddress("192.0.2.1:49153"))
        #expect(ProxyHeader.parse(bytes.span.bytes, lengthMax: bytes.count) == expected)
    }

    private func parse(_ bytes: [UInt8]) -> ProxyHeader {
        ProxyHeader.parse(bytes.span.bytes, lengthMax: 1_024)
    }
}

private func header(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
    Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [command, family]
        + [UInt8(body.count >> 8), UInt8(body.count & 255)] + body
}
