import Testing

@Suite("The systemd unit: what the service may do, and no more")
struct ServiceUnitTests {
    /// The values of each key, in their order.
    private let settings: [Substring: [Substring]]

    init() throws {
        let lines = try SourceTree.text(of: "conf/systemd/mapedge.service").split(separator: "\n")
        var settings: [Substring: [Substring]] = [:]
        for line in lines where !line.hasPrefix("#") {
            guard let mark = line.firstIndex(of: "=") else { continue }
            settings[line[..<mark], default: []].append(line[line.index(after: mark)...])
        }
        self.settings = settings
    }

    @Test(
        "it is watched, confined, and has its limits",
        arguments: [
            ("Type", "notify"), ("LimitNOFILE", "1048576"), ("DynamicUser", "yes"),
            ("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("ProtectHome", "yes"),
            ("PrivateTmp", "yes"), ("PrivateDevices", "yes"), ("ProtectClock", "yes"),
            ("ProtectControlGroups", "yes"), ("ProtectHostname", "yes"),
            ("ProtectKernelLogs", "yes"), ("ProtectKernelModules", "yes"),
            ("ProtectKernelTunables", "yes"), ("RestrictNamespaces", "yes"),
            ("RestrictRealtime", "yes"), ("RestrictSUIDSGID", "yes"), ("LockPersonality", "yes"),
            ("MemoryDenyWriteExecute", "yes"), ("SystemCallArchitectures", "native"),
            ("CapabilityBoundingSet", "CAP_NET_BIND_SERVICE"), ("UMask", "0077"),
            ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ])
    func hardening(key: String, value: String) {
        #expect(settings[key[...]] == [value[...]])
    }

    @Test("only the cache may be written")
    func writable() throws {
        for key in ["LogsDirectory", "StateDirectory", "RuntimeDirectory", "ReadWritePaths"] {
            #expect(settings[key[...]] == nil, "\(key)")
        }
        let directory = try #require(settings["CacheDirectory"]?.first)
        let start = try #require(settings["ExecStart"]?.first)
        #expect(start.hasSuffix(" --cache /var/cache/\(directory)"))
        #expect(settings["StandardOutput"] == ["journal"])
        #expect(settings["StandardError"] == ["journal"])
    }

    @Test("the filter lets through what tells resident pages from others, which no set has")
    func systemCalls() throws {
        let filter = try #require(settings["SystemCallFilter"])
        let words = filter.flatMap { $0.split(separator: " ") }
        #expect(words == ["@system-service", "mincore"])
    }
}
