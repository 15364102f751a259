import Edge
import Reactor
import Testing

@testable import Control

@Suite("Members by DNS: over real sockets, from a scripted server")
struct DNSSourceTests {
    private func source(
        _ server: ScriptedDNS, _ name: String, _ type: DNSType, port: UInt16 = 8_080,
        speaksTLS: Bool = false, _ change: (inout ResolverConfiguration) -> Void = { _ in }
    ) -> DNSSource {
        var configuration = server.configuration
        change(&configuration)
        let settled = configuration
        return DNSSource(
            settings: DiscoverySettings(
                origin: "maps", source: .dns(name: name, type: type), port: port,
                speaksTLS: speaksTLS, tlsName: nil, rules: MembershipRules()),
            name: name, type: type, client: DNSClient { settled })
    }

    @Test("addresses are members, for as long as the shortest record says")
    func addresses() throws {
        let server = try ScriptedDNS()
        server.set(
            "A maps.example",
            .records([
                ScriptedDNS.alias("maps.example", 120, "pool.example"),
                ScriptedDNS.alias("pool.example", 7, "pool2.example"),
                ScriptedDNS.address("pool2.example", 60, 192, 0, 2, 1),
                ScriptedDNS.address("pool2.example", 50, 192, 0, 2, 2),
            ]))
        let answer = try source(server, "maps.example", .a).ask()
        #expect(
            answer.members.map(\.settings.name) == [
                "http://192.0.2.1:8080", "http://192.0.2.2:8080",
            ])
        #expect(
            answer.members[0].settings.endpoints
                == [.ip(SocketAddress(ipv4: 0xC000_0201, port: 8_080))])
        #expect(answer.members[0].settings.authority == "192.0.2.1:8080")
        #expect(answer.lease == 7_000)
        server.set(
            "AAAA maps.example",
            .records([
                ScriptedDNS.address(
                    "maps.example", 0, 0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
            ]))
        let six = try source(server, "maps.example", .aaaa, port: 443, speaksTLS: true).ask()
        #expect(six.members.map(\.settings.name) == ["https://[2001:db8::1]:443"])
        #expect(six.members[0].settings.authority == "[2001:db8::1]")
        #expect(six.members[0].settings.tlsHost == "2001:db8::1")
        #expect(six.lease == DNSSource.leaseMin)
    }

    @Test("a long answer is asked for by TCP")
    func truncated() throws {
        let server = try ScriptedDNS()
        let records = (0..<100).map { ScriptedDNS.address("m.example", 900, 10, 0, 0, UInt8($0)) }
        server.set("A m.example", .long(records))
        let answer = try source(server, "m.example", .a).ask()
        #expect(answer.members.count == 100)
        #expect(answer.lease == DNSSource.leaseMax)
        #expect(server.asked == ["A m.example", "tcp A m.example"])
    }

    @Test("an answer under another number is not believed")
    func spoofed() throws {
        let server = try ScriptedDNS()
        server.set(
            "A m.example",
            .spoofed(
                [ScriptedDNS.address("m.example", 9, 6, 6, 6, 6)],
                then: [ScriptedDNS.address("m.example", 9, 10, 0, 0, 1)]))
        let answer = try source(server, "m.example", .a).ask()
        #expect(answer.members.map(\.settings.authority) == ["10.0.0.1:8080"])
    }

    @Test("services are members with weights and tiers; addresses are sent along, or asked for")
    func services() throws {
        let server = try ScriptedDNS()
        server.set(
            "SRV _http._tcp.maps",
            .records([
                ScriptedDNS.service("_http._tcp.maps", 30, 10, 0, 8_001, "b.maps"),
                ScriptedDNS.service("_http._tcp.maps", 30, 5, 7, 8_000, "a.maps"),
                ScriptedDNS.service("_http._tcp.maps", 30, 5, 7, 8_000, "gone.maps"),
                ScriptedDNS.service("_http._tcp.maps", 30, 0, 0, 0, ""),
            ]))
        server.set("A a.maps", .records([ScriptedDNS.address("a.maps", 4, 10, 0, 0, 1)]))
        server.set(
            "AAAA b.maps",
            .records([
                ScriptedDNS.address("b.maps", 20, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)
            ]))
        let answer = try source(server, "_http._tcp.maps", .srv, port: 0).ask()
        let members = answer.members.map(\.settings)
        #expect(members.map(\.name) == ["http://a.maps:8000", "http://b.maps:8001"])
        #expect(members.map(\.weight) == [7, 1])
        #expect(members.map(\.tier) == [5, 10])
        #expect(members.map(\.endpoints.count) == [1, 1])
        #expect(answer.lease == 4_000)
    }

    @Test("addresses that are sent along are not asked for, and their time counts")
    func additional() throws {
        let server = try ScriptedDNS()
        server.set(
            "SRV _http._tcp.maps",
            .records(
                [ScriptedDNS.service("_http._tcp.maps", 30, 5, 7, 8_000, "a.maps")],
                additional: [
                    ScriptedDNS.address("a.maps", 9, 10, 0, 0, 1),
                    ScriptedDNS.address("a.maps", 6, 10, 0, 0, 2),
                    ScriptedDNS.address("b.maps", 2, 10, 0, 0, 3),
                ]))
        let answer = try source(server, "_http._tcp.maps", .srv, port: 0).ask()
        #expect(answer.members.map(\.settings.endpoints.count) == [2])
        #expect(answer.lease == 6_000)
        #expect(server.asked == ["SRV _http._tcp.maps"])
    }

    @Test(
        "weights are a pool's in proportion, however large they are written",
        arguments: [
            ([0, 1, 1_000], [1, 1, 1_000]), ([65_535, 32_768, 1], [1_000, 500, 1]),
            ([2_000, 1_001, 0], [1_000, 501, 1]), ([0, 0, 0], [1, 1, 1]),
        ])
    func weights(_ written: [UInt16], _ expected: [Int]) {
        let heaviest = written.max() ?? 0
        #expect(written.map { DNSSource.weight($0, heaviest: heaviest) } == expected)
    }

    @Test("a name that is not there is an answer, kept as long as its authority says")
    func negative() throws {
        let server = try ScriptedDNS()
        let authority = ScriptedDNS.record(
            "example", 6, 100,
            ScriptedDNS.wire("ns.example") + ScriptedDNS.wire("me.example")
                + [UInt8](repeating: 0, count: 16) + [0, 0, 0, 33])
        server.set("A no.example", .records([], code: 3, authority: [authority]))
        let answer = try source(server, "no.example", .a).ask()
        #expect(answer == SourceAnswer(members: [], lease: 33_000))
        let bare = try source(server, "nowhere.example", .a).ask()
        #expect(bare == SourceAnswer(members: [], lease: DNSSource.leaseStandard))
    }

    @Test("names are completed by the search list")
    func search() throws {
        let server = try ScriptedDNS()
        server.set("A maps.two", .records([ScriptedDNS.address("maps.two", 9, 10, 0, 0, 1)]))
        let answer = try source(server, "maps", .a) { $0.search = ["one", "two"] }.ask()
        #expect(answer.members.count == 1)
        #expect(server.asked == ["A maps.one", "A maps.two"])
        let alone = try source(server, "maps.", .a) { $0.search = ["two"] }.ask()
        #expect(alone.members.isEmpty)
    }

    @Test("a server that fails says nothing, and the next one is asked")
    func failures() throws {
        let (first, second) = (try ScriptedDNS(), try ScriptedDNS())
        first.set("A maps.example", .records([], code: 2))
        let failing = #expect(throws: SourceFailure.self) {
            try source(first, "maps.example", .a).ask()
        }
        #expect(failing?.text.contains("answers serverFailure about \"maps.example\"") == true)
        #expect(failing?.pause == DNSSource.leaseStandard)
        second.set(
            "A maps.example", .records([ScriptedDNS.address("maps.example", 9, 10, 0, 0, 1)]))
        let answer = try source(first, "maps.example", .a) {
            $0.servers.append(.loopback(port: second.port))
        }.ask()
        #expect(answer.members.count == 1)
        let odd = #expect(throws: SourceFailure.self) { try source(first, "a..b", .a).ask() }
        #expect(odd?.text.contains("is no name for DNS") == true)
        // One that says nothing about one of the names leaves open whether there is such a one.
        let open = #expect(throws: SourceFailure.self) {
            try source(first, "maps", .a) { $0.search = ["example"] }.ask()
        }
        #expect(open != nil)
    }

    @Test("nobody there, and half an answer by TCP, are failures")
    func silence() throws {
        let server = try ScriptedDNS()
        server.set("A maps.example", .silence)
        let none = #expect(throws: SourceFailure.self) {
            try source(server, "maps.example", .a) { $0.timeout = 0 }.ask()
        }
        #expect(none?.text.contains("does not answer about") == true)
    }
}
