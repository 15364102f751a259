import Caching
import Edge
import Glibc
import Testing

@testable import Control

@Suite("Configuration: the cluster of an origin")
struct ClusterSettingsTests {
    private func file(_ lines: String...) -> String {
        let pool =
            "origins:\n  maps:\n    members: [\"http://127.0.0.1:1\", \"http://127.0.0.1:2\"]\n"
            + "    cluster:\n"
        return pool + lines.map { "      \($0)\n" }.joined()
    }

    private static let leader = "leader: \"http://127.0.0.1:1\""

    private func secret(_ text: String, _ body: (String) -> Void) throws {
        let path = "/tmp/mapedge-cluster-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try writeTextFile(path, text)
        chmod(path, 0o600)
        body(path)
        unlink(path)
    }

    @Test("all keys")
    func keys() throws {
        try secret("admin:geo:server\nmore\n") { path in
            let text = file(
                Self.leader, "followers: [\"http://127.0.0.1:2\"]", "sync: reset",
                "restPath: /gis/rest", "proxies: [/proxy, /other]", "credentials: \(path)",
                "timeout: 5s", "retries: 7", "driftInterval: 1m", "sharedStore: false",
                "stickyCookies: [SID]", "propagation: 3s")
            let reading = reading(text)
            let cluster = reading.configuration.settings.origins[0].cluster
            #expect(cluster?.leader == "http://127.0.0.1:1")
            #expect(cluster?.followers == ["http://127.0.0.1:2"])
            #expect(cluster?.sync == .reset)
            #expect(cluster?.restPath == "/gis/rest")
            #expect(cluster?.context == "/gis")
            #expect(cluster?.proxies == ["/proxy", "/other"])
            #expect(cluster?.capabilities.hasPrefix("/gis/ows?") == true)
            #expect(cluster?.invalidates == nil)
            #expect(cluster?.everything == ["/gis/*", "/proxy/*", "/other/*"])
            #expect(cluster?.authorization == "Basic YWRtaW46Z2VvOnNlcnZlcg==")
            #expect(cluster?.timeout == 5_000)
            #expect(cluster?.retries == 7)
            #expect(cluster?.driftInterval == 60_000)
            #expect(cluster?.propagation == 3_000)
            #expect(cluster?.sharedStore == false)
            #expect(cluster?.stickyCookies == ["SID"])
            #expect(
                reading.findings.map(\.description) == [
                    "edge.yaml:7: warning: a reset drops what GeoServer keeps of stores and "
                        + "styles, and reads no new layer; write sync: reload, unless layers are never "
                        + "published"
                ])
        }
    }

    @Test("sync none needs no leader; a section with defaults alone is no cluster")
    func none() {
        #expect(findings(file("sync: none")) == [])
        let shared = reading(file("sync: none")).configuration.settings.origins[0].cluster
        #expect(shared?.sync == ClusterSettings.Sync.none)
        #expect(shared?.invalidates == nil)
        #expect(shared?.everything == ["/geoserver/*", "/gs/*"])
        let none = reading(file("sync: none", "invalidates: []")).configuration.settings
        #expect(none.origins[0].cluster?.invalidates == [])
        let paths = reading(file("sync: none", "invalidates: [/a/*, /b]"))
        #expect(paths.configuration.settings.origins[0].cluster?.invalidates == ["/a/*", "/b"])
        let empty = reading(file("leader: ~", "followers: all", "sync: reload"))
        #expect(empty.findings.isEmpty)
        #expect(empty.configuration.settings.origins[0].cluster == nil)
    }

    @Test(
        "what cannot be so",
        arguments: [
            (
                ["retries: 5"],
                "edge.yaml:4: origins.maps.cluster has no leader to bring the others in step with; "
                    + "name the member that takes writes in leader, or write leader: auto where all "
                    + "have one data directory, or sync: none where members see to it themselves"
            ),
            (
                ["leader: auto", "sync: none"],
                "edge.yaml:5: origins.maps.cluster.leader is auto, and a leader is chosen by a "
                    + "reload, but sync is none; remove leader, so that any member takes writes, or "
                    + "write sync: reload"
            ),
            (
                ["leader: auto", "followers: [\"http://127.0.0.1:2\"]"],
                "edge.yaml:6: origins.maps.cluster.followers are all but the leader, and who that is "
                    + "changes; remove followers, or name the leader"
            ),
            (
                ["leader: auto", "sync: reset"],
                "edge.yaml:6: origins.maps.cluster.sync is reset, by which a member that shall lead "
                    + "reads no new layer; write sync: reload, or name the leader"
            ),
            (
                [Self.leader, "succession: 5s"],
                "edge.yaml:6: warning: origins.maps.cluster.succession does nothing, as nobody but "
                    + "the leader given takes writes; write leader: auto where all members have one "
                    + "data directory"
            ),
            (
                ["sync: none", "leader: \"http://127.0.0.1:3\""],
                "edge.yaml:6: origins.maps.cluster.leader names http://127.0.0.1:3, which is no "
                    + "member of \"maps\"; did you mean \"http://127.0.0.1:1\"?"
            ),
            (
                ["sync: none", "followers: [\"http://127.0.0.1:2\"]"],
                "edge.yaml:6: origins.maps.cluster.followers are never brought in step, as sync is "
                    + "none; remove followers, or write sync: reload"
            ),
            (
                ["sync: sometimes"],
                "edge.yaml:5: origins.maps.cluster.sync is \"sometimes\", which is not known; use "
                    + "one of none, reload, reset"
            ),
            (
                ["sync: none", "restPath: /rest/"],
                "edge.yaml:6: origins.maps.cluster.restPath is \"/rest/\", which ends with a slash "
                    + "or has a query; write a path such as /geoserver/rest"
            ),
            (
                ["sync: none", "invalidates: [\"/a/*/b\"]"],
                "edge.yaml:6: origins.maps.cluster.invalidates[0] is \"/a/*/b\", which has a * "
                    + "before its end; write a path such as /geoserver/*"
            ),
            (
                ["sync: none", "ledaer: x"],
                "edge.yaml:6: \"ledaer\" is no key of origins.maps.cluster; did you mean "
                    + "\"leader\"?"
            ),
            (
                [Self.leader, "propagation: 3s"],
                "edge.yaml:6: warning: origins.maps.cluster.propagation does nothing, as all "
                    + "members are loaded after a write; remove it, or write sync: none where "
                    + "members see to it themselves"
            ),
            (
                [Self.leader],
                "edge.yaml:4: warning: origins.maps.cluster has no credentials, and GeoServer "
                    + "reloads for administrators only; name a file with USER:PASSWORD in "
                    + "credentials"
            ),
        ] as [([String], String)])
    func contradictions(_ lines: [String], _ expected: String) {
        let text = file() + lines.map { "      \($0)\n" }.joined()
        #expect(findings(text).contains(expected), "\(findings(text))")
    }

    @Test("a leader is no follower, and whoever is neither is told of")
    func roles() {
        let both = findings(file(Self.leader, "followers: [\"http://127.0.0.1:1\"]"))
        #expect(both.contains { $0.contains("is both leader and follower") })
        #expect(both.contains { $0.contains("http://127.0.0.1:2 is neither leader nor follower") })
    }

    @Test("credentials that are none, and that everybody may read")
    func credentials() throws {
        try secret("geoserver\n") { path in
            let found = findings(file(Self.leader, "credentials: \(path)"))
            #expect(found.contains { $0.contains("has no user and password") }, "\(found)")
        }
        try secret("admin:geoserver\n") { path in
            chmod(path, 0o644)
            let found = findings(file(Self.leader, "credentials: \(path)"))
            #expect(found.contains { $0.contains("everybody on this machine may read") })
            let unused = findings(file("sync: none", "credentials: \(path)"))
            #expect(unused.contains { $0.contains("are never used, as sync is none") })
        }
        let missing = findings(file(Self.leader, "credentials: /nonexistent/file"))
        #expect(missing.contains { $0.contains("/nonexistent/file") })
    }

    @Test("a single member needs no cluster")
    func single() {
        let text = "origins: { a: { members: [\"http://127.0.0.1:1\"], cluster: { sync: none } } }"
        #expect(findings(text).contains { $0.contains("one member only") })
    }
}

@Suite("A cluster in words")
struct ClusterWordsTests {
    private func status(_ state: String, isLost: Bool = false) -> ClusterStatus {
        ClusterStatus(
            id: "maps", edition: 3, isLost: isLost, writes: 2,
            members: [
                .init(name: "a", role: "leader", state: "in-step", edition: 3),
                .init(name: "b", role: "follower", state: state, edition: 2, reason: "it is late"),
            ])
    }

    @Test("JSON")
    func json() {
        #expect(
            status("behind").json.encoded == #"{"origin":"maps","sync":"reload","leader":"a","#
                + #""edition":3,"outOfStep":false,"writes":2,"rounds":0,"failures":0,"#
                + #""sessions":0,"members":[{"name":"a","role":"leader","state":"in-step","#
                + #""edition":3,"fingerprint":null,"updateSequence":null,"failures":0,"#
                + #""reason":null},{"name":"b","role":"follower","state":"behind","edition":2,"#
                + #""fingerprint":null,"updateSequence":null,"failures":0,"#
                + #""reason":"it is late"}]}"#)
    }

    @Test("what makes viewers worse off")
    func weakness() {
        #expect(status("behind").weakness == nil)
        #expect(status("drifted").weakness == "origin \"maps\" has drifted members: b")
        #expect(
            status("behind", isLost: true).weakness
                == "nobody in step with origin \"maps\" can be had, so that answers may be older "
                + "than the latest write")
    }

    @Test(
        "events say what, where, and what to do",
        arguments: [
            (.inStep("a", edition: 2), "origin \"maps\" member a is in step at edition 2"),
            (.drifted("a", "it differs"), "origin \"maps\" member a has drifted: it differs;"),
            (.failed("a", "it hangs", attempt: 3), "(attempt 3): it hangs; it is tried again"),
            (.leaderless("a"), "leader a cannot be had and nobody is in step"),
            (.leaderBack("a"), "leader a is back"),
            (.sessionsLost("a"), "member a is down, and its sessions begin anew at others"),
        ] as [(ClusterEvent, String)])
    func events(_ event: ClusterEvent, _ words: String) {
        #expect(event.words(of: "maps").text.contains(words))
    }
}
