import Glibc
import Reactor
import Testing

@Suite("RFC 4291 §2.2, RFC 5952: addresses as text")
struct AddressTests {
    @Test(
        "an address is written in its one canonical form",
        arguments: [
            ("192.0.2.1", "192.0.2.1"),
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"),
            ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("2001:DB8::0001", "2001:db8::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::FFFF:c000:0201", "192.0.2.1"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("fe80::1%2", "fe80::1%2"),
            ("::ffff:192.0.2.1%2", "192.0.2.1"),
        ])
    func canonical(text: String, canonical: String) throws {
        let address = try #require(SocketAddress(ip: text))
        #expect(address.ipText == canonical)
        #expect(SocketAddress(ip: canonical) == address)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.4 ",
            " 1.2.3.4", "1.2.3.-4", "0x1.2.3.4", "1..3.4", ":", ":::", "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "1::2:3:4:5:6:7:8", "1::2::3", "12345::",
            "g::", ":1::", "1:", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "::1%", "::1%eth0",
            "fe80::1%4294967296", "fe80::1%01", "1.2.3.4%1", "[::1]", "localhost", "1.2.3.4\0",
        ])
    func refused(text: String) {
        #expect(SocketAddress(ip: text) == nil)
    }

    @Test(
        "an address with a port is read and written",
        arguments: [
            "192.0.2.1:80", "0.0.0.0:0", "[2001:db8::1]:65535", "[::]:8080", "[fe80::1%3]:1",
        ])
    func withPort(text: String) throws {
        let address = try #require(SocketAddress(text))
        #expect(address.description == text)
        #expect(Endpoint(text) == .ip(address))
        #expect(Endpoint.ip(address).description == text)
    }

    @Test(
        "an address whose port is missing, wrong or ambiguous is refused",
        arguments: [
            "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:+1", "192.0.2.1:080", ":80",
            "[]:80", "[::1]", "[::1]:", "[::180", "::1:80", "[192.0.2.1]:80", "[[::1]]:80",
            "localhost:80", "",
        ])
    func wrongPort(text: String) {
        #expect(SocketAddress(text) == nil)
        #expect(Endpoint(text) == nil)
    }

    @Test func `a Unix socket's endpoint is its path, which the kernel has room for`() {
        let longest = String(repeating: "x", count: 107)
        #expect(Endpoint("unix:/run/a.sock") == .unix(path: "/run/a.sock"))
        #expect(Endpoint("unix:/run/a.sock")?.description == "unix:/run/a.sock")
        #expect(Endpoint("unix:" + longest) == .unix(path: longest))
        #expect(Endpoint("unix:x" + longest) == nil)
        #expect(Endpoint("unix:") == nil)
        #expect(Endpoint("unix:a\0b") == nil)
    }

    @Test func `a mapped address is the IPv4 address`() {
        let plain = SocketAddress(ipv4: 0xC000_0201, port: 80)
        let mapped = SocketAddress(high: 0, low: 0xFFFF_C000_0201, scope: 4, port: 80)
        #expect(plain == mapped)
        #expect(mapped.isIPv4 && mapped.ipv4 == 0xC000_0201)
        #expect(!SocketAddress.unspecified.isIPv4)
        #expect(SocketAddress(ip: "127.9.9.9")?.isLoopback == true)
        #expect(SocketAddress(ip: "::1")?.isLoopback == true)
        #expect(SocketAddress(ip: "128.0.0.1")?.isLoopback == false)
        #expect(SocketAddress(ip: "::2")?.isLoopback == false)
        #expect(SocketAddress.loopback(port: 1).with(port: 2).description == "127.0.0.1:2")
        #expect(MemoryLayout<SocketAddress>.stride == 24)
    }

    @Test("the longest text fits the promised length")
    func longest() throws {
        let text = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535"
        #expect(text.utf8.count == SocketAddress.textLengthMax)
        #expect(SocketAddress(text)?.description == text)
    }

    @Test("reading agrees with the C library over damaged addresses", arguments: 0..<10)
    func reading(seed: Int) {
        var numbers = SeededNumbers(seed: UInt64(seed))
        let alphabet = Array("0123456789abcdefF:::..".utf8)
        for _ in 0..<500 {
            var text = Array(randomAddress(&numbers).ipText.utf8)
            for _ in 0..<numbers.next() % 3 {
                let place = Int(numbers.next() % UInt64(text.count))
                let letter = alphabet[Int(numbers.next() % UInt64(alphabet.count))]
                numbers.next() % 2 == 0 ? text[place] = letter : text.insert(letter, at: place)
            }
            let string = String(decoding: text, as: UTF8.self)
            expect(SocketAddress(ip: string) == referenceParse(string))
        }
    }

    @Test("writing agrees with the C library", arguments: 0..<10)
    func writing(seed: Int) {
        var numbers = SeededNumbers(seed: UInt64(seed))
        for _ in 0..<500 {
            let address = randomAddress(&numbers)
            // The library writes the obsolete IPv4-compatible form with dots; RFC 5952 does not.
            if !address.isIPv4, address.high == 0, address.low >> 32 == 0 { continue }
            expect(address.ipText == referenceText(address))
        }
    }

    /// Many zero groups, so that every place and length of `::` comes up.
    private func randomAddress(_ numbers: inout SeededNumbers) -> SocketAddress {
        if numbers.next() % 4 == 0 {
            return SocketAddress(ipv4: UInt32(truncatingIfNeeded: numbers.next()), port: 0)
        }
        var halves = [UInt64](repeating: 0, count: 2)
        for group in 0..<8 where numbers.next() % 5 < 2 {
            let value = (numbers.next() & 0xFFFF) >> (numbers.next() % 16)
            halves[group / 4] |= value << UInt64(group % 4 * 16)
        }
        return SocketAddress(high: halves[0], low: halves[1], port: 0)
    }

    private func referenceParse(_ text: String) -> SocketAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            return SocketAddress(ipv4: UInt32(truncatingIfNeeded: number(bytes[0..<4])), port: 0)
        }
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        return SocketAddress(high: number(bytes[0..<8]), low: number(bytes[8..<16]), port: 0)
    }

    private func referenceText(_ address: SocketAddress) -> String {
        var bytes: [UInt8] = []
        for half in [address.high, address.low] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: half >> shift))
            }
        }
        if address.isIPv4 { bytes.removeFirst(12) }
        var text = [CChar](repeating: 0, count: 64)
        inet_ntop(address.isIPv4 ? AF_INET : AF_INET6, bytes, &text, 64)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
    }

    private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

@Suite("RFC 4632: address blocks")
struct AddressBlockTests {
    @Test(
        "a block holds the addresses that share its prefix",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.128/25", "192.0.2.128", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1/32", "192.0.2.1", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("2001:db8::/65", "2001:db8::7fff:0:0:0", true),
            ("2001:db8::/65", "2001:db8::8000:0:0:0", false),
            ("2001:db8::/64", "2001:db8:0:0:ffff::", true),
            ("::1", "::1", true),
            ("::1/128", "::2", false),
        ])
    func membership(block: String, address: String, isMember: Bool) throws {
        let block = try #require(AddressBlock(block))
        let address = try #require(SocketAddress(ip: address, port: 9))
        #expect(block.contains(address) == isMember)
    }

    @Test func `bits behind the prefix do not matter, and are not written`() {
        #expect(AddressBlock("10.1.2.3/8")?.description == "10.0.0.0/8")
        #expect(AddressBlock("10.1.2.3/8") == AddressBlock("10.0.0.0/8"))
        #expect(AddressBlock("2001:db8::1/32")?.description == "2001:db8::/32")
        #expect(AddressBlock("192.0.2.1")?.description == "192.0.2.1/32")
    }

    @Test(
        "what is no block is refused",
        arguments: [
            "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
            "::/129", "10.0.0/8", "10.0.0.0/0008", "10.0.0.0/8 ", "example.org/8",
        ])
    func refused(text: String) {
        #expect(AddressBlock(text) == nil)
    }
}

extension SocketAddress {
    fileprivate init?(ip text: String, port: UInt16) {
        guard let address = SocketAddress(ip: text) else { return nil }
        self = address.with(port: port)
    }
}
