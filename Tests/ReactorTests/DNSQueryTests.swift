import Reactor
import Testing

@Suite("DNS: questions, and whom to ask")
struct DNSQueryTests {
    @Test func `a question is a header and one name`() {
        let query = DNSQuery(identifier: 0xABCD, name: "maps.example", type: .srv)
        #expect(
            query.bytes == [0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + [4]
                + Array("maps".utf8) + [7] + Array("example".utf8) + [0, 0, 33, 0, 1])
    }

    @Test func `what is no name is no question`() {
        let long = String(repeating: "a", count: 64)
        for name in [
            "", ".", "a..b", "\(long).b",
            Array(repeating: "abcdefgh", count: 29)
                .joined(separator: "."),
        ] {
            #expect(DNSQuery(identifier: 1, name: name, type: .a).bytes == nil, "\(name)")
        }
    }

    @Test func `an answer is to this question, and no other`() throws {
        let query = DNSQuery(identifier: 0x1234, name: "Maps.example", type: .a)
        func message(_ identifier: UInt16, _ name: String, _ type: DNSType) throws -> DNSMessage {
            var bytes = DNSBytes(identifier: identifier, questions: 1)
            bytes.question(name, type)
            return try readDNS(bytes.bytes)
        }
        #expect(query.isAnswered(by: try message(0x1234, "maps.EXAMPLE", .a)))
        #expect(!query.isAnswered(by: try message(0x1235, "maps.example", .a)))
        #expect(!query.isAnswered(by: try message(0x1234, "maps.example.org", .a)))
        #expect(!query.isAnswered(by: try message(0x1234, "maps.example", .aaaa)))
    }

    @Test func `resolv.conf is read as glibc reads it`() {
        let configuration = ResolverConfiguration(
            reading: """
                # a comment
                domain first.example
                search one.example two.example. ; the last of both wins
                nameserver 192.0.2.1
                nameserver 2001:db8::1
                nameserver nonsense
                nameserver 192.0.2.2
                nameserver 192.0.2.3
                options ndots:2 timeout:99 attempts:0 rotate unknown:x
                sortlist 1.2.3.4
                """)
        #expect(
            configuration.servers.map(\.description) == [
                "192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53",
            ])
        #expect(configuration.search == ["one.example", "two.example."])
        #expect(configuration.dots == 2)
        #expect(configuration.timeout == 30)
        #expect(configuration.attempts == 1)
        #expect(ResolverConfiguration(reading: "").servers == [.loopback(port: 53)])
    }

    @Test(arguments: [
        ("[127.0.0.1]:5353", "127.0.0.1:5353"), ("[2001:db8::1]:54", "[2001:db8::1]:54"),
        ("[127.0.0.1]", nil), ("[127.0.0.1]:0", nil), ("[127.0.0.1]:99999", nil),
        ("[127.0.0.1:53", nil), ("127.0.0.1:53", nil), ("[]:53", nil),
    ])
    func `a server may have a port of its own`(_ text: String, _ expected: String?) {
        let configuration = ResolverConfiguration(reading: "nameserver \(text)\n")
        #expect(configuration.servers.map(\.description) == [expected ?? "127.0.0.1:53"])
    }

    @Test(arguments: [
        ("maps", ["maps.one.example", "maps.two.example", "maps"]),
        ("maps.pool", ["maps.pool", "maps.pool.one.example", "maps.pool.two.example"]),
        ("maps.pool.", ["maps.pool"]),
    ])
    func `a name stands for others, by its dots`(_ name: String, _ names: [String]) {
        var configuration = ResolverConfiguration()
        configuration.search = ["one.example", "two.example.", "."]
        #expect(configuration.names(for: name) == names)
    }

    @Test func `with more dots asked for, the search list comes first`() {
        var configuration = ResolverConfiguration()
        configuration.search = ["x"]
        configuration.dots = 3
        #expect(configuration.names(for: "a.b.c") == ["a.b.c.x", "a.b.c"])
        #expect(configuration.names(for: "a.b.c.d") == ["a.b.c.d", "a.b.c.d.x"])
    }
}
