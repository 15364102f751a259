import Edge
import Reactor
import Testing

@testable import Control

@Suite("Configuration: members that are found")
struct DiscoverySettingsTests {
    private func text(_ discover: String, _ more: String = "") -> String {
        "origins: { maps: { discover: \(discover) } }\n" + more
    }

    private func found(_ discover: String) throws -> DiscoverySettings {
        let reading = reading(text(discover))
        #expect(reading.findings.isEmpty, "\(reading.findings)")
        return try #require(reading.configuration.discoveries.first)
    }

    @Test("names of the DNS, by type")
    func dns() throws {
        let plain = try found("{ dns: maps.example, port: 8080 }")
        #expect(plain.source == .dns(name: "maps.example", type: .a))
        #expect(plain.port == 8_080 && !plain.speaksTLS && plain.origin == "maps")
        #expect(plain.rules.drainTime == 40_000 && plain.rules.warmTime == 300_000)
        #expect(plain.shown == "dns A maps.example")
        let services = try found("{ dns: _http._tcp.maps., type: SRV, drainTime: 0 }")
        #expect(services.source == .dns(name: "_http._tcp.maps.", type: .srv))
        #expect(services.port == 0 && services.rules.drainTime == 0)
        let secured = reading(
            "origins: { maps: { discover: { dns: m, type: AAAA, port: 443, tls: true }, "
                + "tls: { name: maps.example } } }")
        #expect(secured.findings.isEmpty)
        #expect(secured.configuration.settings.origins[0].expectsTLS)
        #expect(secured.configuration.discoveries[0].tlsName == "maps.example")
    }

    @Test("a group with its hooks, zone and times")
    func group() throws {
        let plain = try found("{ autoScalingGroup: maps, port: 8080 }")
        var expected = AutoScalingSettings(name: "maps")
        #expect(plain.source == .autoScalingGroup(expected))
        #expect(plain.rules.noticeTime == 37_500)
        #expect(plain.shown == "autoScalingGroup maps")
        let full = try found(
            "{ autoScalingGroup: maps, port: 80, interval: 60s, zone: auto, "
                + "hooks: { launching: none, terminating: down } }")
        expected.interval = 60_000
        expected.zone = "auto"
        expected.launchingHook = nil
        expected.terminatingHook = "down"
        #expect(full.source == .autoScalingGroup(expected))
        #expect(full.rules.noticeTime == 150_000)
        #expect(full.rules.drainTime == 150_000, "a default gives way")
    }

    @Test("members of a flag take the place of a source")
    func flag() {
        let reading = reading(text("{ dns: maps.example, port: 80 }")) {
            $0.origins = ["http://127.0.0.1:1"]
        }
        #expect(reading.findings.isEmpty)
        #expect(reading.configuration.discoveries.isEmpty)
        #expect(reading.configuration.settings.origins[0].members.count == 1)
    }

    @Test("what the configuration comes to tells what is still to be found")
    func summary() {
        let reading = reading(text("{ dns: maps.example, port: 80 }"))
        #expect(
            reading.configuration.summary.contains(
                "origins 1, members 0, found while the edge runs for 1, behaviors 1"))
    }

    @Test("a Saturation that nobody can tell is warned of")
    func saturation() {
        let warnings = findings(
            text(
                "{ dns: maps.example, port: 80 }, "
                    + "limits: { tiles: 0, capabilities: 0, features: 0 }",
                "cloudwatch: { enabled: true }"))
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("cloudwatch gets no Saturation of it; give memberConcurrency"))
        // Tiles have a limit by default.
        let limited = text("{ dns: maps.example, port: 80 }", "cloudwatch: { enabled: true }")
        #expect(findings(limited).isEmpty)
        #expect(findings(text("{ dns: maps.example, port: 80 }", "cloudwatch: {}")).isEmpty)
    }

    @Test("a cluster's leader may be one that is found later")
    func leader() {
        let found = findings(
            "origins: { maps: { discover: { dns: m, port: 80 }, "
                + "cluster: { leader: \"http://10.0.0.1:80\" } } }")
        #expect(!found.contains { $0.contains("no member of") }, "\(found)")
        #expect(!found.contains { $0.contains("one member only") }, "\(found)")
    }

    @Test("AWS and CloudWatch")
    func aws() {
        let reading = reading(
            text("{ autoScalingGroup: maps, port: 80 }")
                + "aws: { region: eu-west-1, profile: edge, endpoint: \"http://127.0.0.1:5\" }\n"
                + "cloudwatch: { namespace: My/Edge, interval: 10s, highResolution: true }\n")
        #expect(reading.findings.isEmpty)
        let aws = reading.configuration.aws
        #expect(aws.region == "eu-west-1" && aws.profile == "edge")
        #expect(aws.endpoint == "http://127.0.0.1:5")
        let signals = reading.configuration.signals
        #expect(!signals.isEnabled && signals.isHighResolution)
        #expect(signals.namespace == "My/Edge" && signals.interval == 10_000)
    }

    @Test("members of a source have names, hosts and certificates' names")
    func member() throws {
        var settings = try found("{ dns: m, port: 8080, tls: true }")
        let member = settings.member(
            host: "2001:db8::1", port: 8_080, endpoints: [.unix(path: "/x")])
        #expect(member.name == "https://[2001:db8::1]:8080")
        #expect(member.authority == "[2001:db8::1]:8080" && member.tlsHost == "2001:db8::1")
        settings.tlsName = "maps.example"
        let named = settings.member(named: "i-1", host: "10.0.0.1", port: 443, endpoints: [])
        #expect(named.name == "i-1" && named.authority == "10.0.0.1")
        #expect(named.tlsHost == "maps.example")
    }
}
