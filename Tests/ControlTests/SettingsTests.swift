import Caching
import Edge
import HTTP
import Reactor
import Testing

@testable import Control

@Suite("Configuration: what the file and the flags come to")
struct SettingsTests {
    @Test("the shipped file is usable, and its values are the defaults")
    func shipped() throws {
        let text = try ProjectFiles.text(ProjectFiles.shippedConfiguration)
        let shipped = reading(text)
        let standard = reading { $0.origins = ["http://127.0.0.1:8000"] }
        #expect(shipped.findings.isEmpty)
        #expect(standard.findings.isEmpty)
        #expect(dumped(shipped.configuration) == dumped(standard.configuration))
    }

    @Test("the shipped file documents every key that is understood")
    func shippedIsWhole() throws {
        let text = try ProjectFiles.text(ProjectFiles.shippedConfiguration)
        var reader = ConfigurationReader(file: "mapedge.yaml", resolver: TableResolver())
        _ = reader.read(text, ConfigurationFlags())
        // Names of the operator's choice have no line of their own in it.
        let missing = reader.findings.keys.filter {
            !$0.hasSuffix("*") && !reader.findings.written.contains($0)
        }
        #expect(missing.isEmpty)
        #expect(reader.findings.keys.count > 90)
    }

    @Test(
        "an origin's URL alone gives one behavior with the standard policy",
        arguments: Mode.allCases)
    func oneOrigin(_ mode: Mode) throws {
        let settings = reading {
            $0.origins = ["http://tiles.test:8000,http://127.0.0.1:8001"]
            $0.mode = "\(mode)"
        }.configuration.settings
        let origin = try #require(settings.origins.first)
        #expect(origin.id == "default")
        #expect(origin.members.map(\.authority) == ["tiles.test:8000", "127.0.0.1:8001"])
        #expect(
            origin.members[0].endpoints == [.ip(SocketAddress(ipv4: 0xC000_0201, port: 8000))])
        #expect(settings.behaviors.count == 1)
        #expect(settings.behaviors[0].pattern == "*")
        #expect(settings.behaviors[0].policy == .standard(mode: mode))
        #expect(settings.listeners == [ListenerSettings(endpoint: .ip(.loopback(port: 8080)))])
    }

    @Test("flags win over the file")
    func flagsWin() {
        let text = """
            listen: [":1"]
            admin: "127.0.0.1:2"
            mode: cloudfront
            role: tier
            loops: 3
            logLevel: error
            cache: { directory: /a, size: 1GiB }
            accessLog: { path: /b, buffer: 64KiB }
            trustedProxies: [10.0.0.0/8]
            limits: { stopDeadline: 1s }
            api: { invalidationDelay: 1s }
            origins: { maps: { members: ["http://missing.test"], hostHeader: maps.org } }
            """
        let read = reading(text) {
            $0.listen = ["unix:/run/edge.sock"]
            $0.admin = "127.0.0.1:9"
            $0.mode = "rfc9111"
            $0.role = "twin"
            $0.loops = "1"
            $0.logLevel = "debug"
            $0.cache = "/c"
            $0.cacheSize = "2GiB"
            $0.accessLog = "-"
            $0.trustedProxies = ["192.0.2.1"]
            $0.proxyProtocol = true
            $0.stopDeadline = "2m"
            $0.invalidationDelay = "30s"
            $0.origins = ["maps=http://127.0.0.1:5"]
        }
        // The name that a flag replaced was never looked up.
        #expect(read.findings.isEmpty)
        let settings = read.configuration.settings
        #expect(
            settings.listeners == [
                ListenerSettings(endpoint: .unix(path: "/run/edge.sock"), expectsProxyHeader: true)
            ])
        #expect(read.configuration.admin == [.ip(.loopback(port: 9))])
        #expect(settings.mode == .rfc9111 && settings.role == .twin && settings.loops == 1)
        #expect(read.configuration.logLevel == .debug)
        #expect(settings.cache.directory == "/c" && settings.cache.bytes == 2 << 30)
        #expect(settings.accessLog == AccessLogSettings(path: nil, bufferBytes: 65_536))
        #expect(settings.trustedProxies == [AddressBlock("192.0.2.1")].compactMap { $0 })
        #expect(settings.limits.stopDeadline == 120_000)
        #expect(read.configuration.api.invalidationDelay == 30_000)
        #expect(settings.origins[0].members.map(\.name) == ["http://127.0.0.1:5"])
        #expect(settings.origins[0].hostHeader == "maps.org")
        #expect(settings.behaviors[0].policy.mode == .rfc9111)
    }

    @Test(
        "an idle tunnel's time is between a millisecond and a day",
        arguments: [
            ("1ms", 1, true), ("10m", 600_000, true), ("1d", 86_400_000, true),
            ("~", 600_000, true),
            ("0", 600_000, false), ("86401s", 600_000, false), ("-1s", 600_000, false),
        ])
    func tunnels(_ text: String, _ milliseconds: Int, _ isUsable: Bool) {
        let origins = "origins: { maps: { members: [\"http://127.0.0.1:1\"] } }"
        let read = reading("limits: { tunnelTimeout: \(text) }\n" + origins)
        #expect(read.isUsable == isUsable && read.findings.isEmpty == isUsable)
        #expect(read.configuration.settings.limits.tunnelTimeout == milliseconds)
    }

    @Test("--origin without a name replaces the members of the file's only origin")
    func onlyOrigin() {
        let text = "origins: { maps: { members: [\"http://missing.test\"] } }"
        let read = reading(text) { $0.origins = ["http://127.0.0.1:5"] }
        #expect(read.findings.isEmpty)
        #expect(read.configuration.settings.origins.map(\.id) == ["maps"])
    }

    @Test("behaviors lead to their origins, and the classes bring their policies")
    func behaviors() {
        let text = """
            origins:
              maps: { members: ["http://127.0.0.1:1"] }
              pages: { members: ["http://127.0.0.1:2"] }
            behaviors:
              - { path: "/geoserver/*", origin: maps, edgeTTL: 2h, sMaxage: 30, collapses: false }
              - { path: "/raw/*", origin: pages, class: none, judgesCookies: true }
              - { path: "*", origin: pages, class: pages, sessionCookies: [], staleIfError: 1d }
            """
        let settings = reading(text).configuration.settings
        #expect(settings.behaviors.map(\.origin) == [0, 1, 1])
        var tiles = BehaviorPolicy.standard(mode: .cloudfront)
        tiles.edgeTTL = 7_200_000
        tiles.sMaxage = 30_000
        tiles.collapses = false
        var raw = BehaviorPolicy.cloudFrontPure
        raw.judgesCookies = true
        var pages = BehaviorPolicy.standard(mode: .cloudfront, .pages)
        pages.staleIfError = BehaviorPolicy.day
        #expect(settings.behaviors.map(\.policy) == [tiles, raw, pages])
        #expect(settings.behaviors[0].sessionCookies == ["sessionid", "JSESSIONID"])
        #expect(settings.behaviors[2].sessionCookies == [])
    }

    @Test("a default that nobody wrote gives way to what somebody did")
    func defaultsGiveWay() {
        let text = """
            origins:
              maps:
                members: ["http://127.0.0.1:1"]
                health: { interval: 100ms, ejection: 5m }
            cache: { size: 16MiB }
            """
        let read = reading(text)
        #expect(read.findings.isEmpty)
        #expect(read.configuration.settings.origins[0].health.timeout == 100)
        #expect(read.configuration.settings.origins[0].health.ejectionMaximum == 300_000)
        #expect(read.configuration.settings.cache.objectBytes == 16 << 20)
    }

    @Test("all addresses of a name are kept, in the resolver's order")
    func addresses() {
        let read = reading { $0.origins = ["http://both.test"] }
        let member = read.configuration.settings.origins[0].members[0]
        #expect(member.endpoints.map(\.description) == ["[2001:db8::1]:80", "192.0.2.2:80"])
        #expect(member.authority == "both.test")
    }

    @Test(
        "what can be listened on",
        arguments: [
            ("127.0.0.1:8080", ["127.0.0.1:8080"]),
            ("[::]:8080", ["[::]:8080"]),
            (":8080", ["0.0.0.0:8080", "[::]:8080"]),
            ("both.test:80", ["[2001:db8::1]:80", "192.0.2.2:80"]),
            ("unix:/run/edge.sock", ["unix:/run/edge.sock"]),
            ("127.0.0.1:0", ["127.0.0.1:0"]),
        ])
    func listen(_ text: String, _ expected: [String]) {
        let read = reading {
            $0.origins = ["http://127.0.0.1:1"]
            $0.listen = [text]
        }
        #expect(read.findings.isEmpty)
        let endpoints = read.configuration.settings.listeners.map { "\($0.endpoint)" }
        #expect(endpoints == expected)
    }

    @Test("an empty file, a comment and keys without values leave the defaults")
    func empty() {
        for text in ["# nothing\n", "limits:\ncache: ~\nmode: null\n", "---\n"] {
            let read = reading(text) { $0.origins = ["http://127.0.0.1:1"] }
            #expect(read.findings.isEmpty, "\(text)")
        }
    }

    @Test("a file that is not there, no text, or a directory is told with its path")
    func files() throws {
        let flags = ConfigurationFlags()
        for path in ["/nowhere/edge.yaml", "/usr/bin/env", "/"] {
            let read = Configuration.read(file: path, flags: flags, resolver: TableResolver())
            #expect(!read.isUsable)
            #expect(read.findings.count == 1)
            #expect(read.findings.allSatisfy { "\($0)".hasPrefix("--config: \(path) ") })
        }
    }

    private func dumped(_ configuration: Configuration) -> [String] {
        let settings = configuration.settings
        return [
            "\(configuration.admin)", "\(configuration.logLevel)", "\(settings.listeners)",
            "\(settings.behaviors)", "\(settings.mode)", "\(settings.role)", "\(settings.loops)",
            "\(settings.limits)", "\(settings.cache)", "\(String(describing: settings.accessLog))",
            "\(settings.trustedProxies)", "\(settings.trustedFields)", "\(settings.upgrades)",
            settings.name,
            "\(settings.ticketKeyInterval)",
            "\(String(describing: settings.viewerTLS))",
        ] + settings.origins.map { "\($0)" }
    }
}
