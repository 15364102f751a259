import Caching
import Edge
import Reactor

extension ConfigurationReader {
    /// The flags take the place of what the file said.
    mutating func apply(_ flags: ConfigurationFlags) {
        applyListeners(flags)
        applyServer(flags)
        applyCache(flags)
        role = flags.role.flatMap { flag("--role", $0).read(.role, findings) } ?? role
        for origin in flags.origins { replaceOrigin(flag("--origin", origin)) }
    }

    private mutating func applyListeners(_ flags: ConfigurationFlags) {
        if !flags.listen.isEmpty {
            findings.remember("listen", at: .flag("--listen"))
            listeners = flags.listen.map { ListenerDraft(address: flag("--listen", $0)) }
        }
        if flags.proxyProtocol {
            findings.remember("proxyProtocol", at: .flag("--proxy-protocol"))
            expectsProxyHeader = true
        }
        if let text = flags.admin {
            findings.remember("admin", at: .flag("--admin"))
            admin = flag("--admin", text)
        }
        if !flags.trustedProxies.isEmpty {
            configuration.settings.trustedProxies = flags.trustedProxies.compactMap {
                flag("--trusted-proxy", $0).read(.block, findings)
            }
        }
    }

    private mutating func applyServer(_ flags: ConfigurationFlags) {
        set("--mode", flags.mode, "mode", .mode) { $0.settings.mode = $1 }
        set("--clock", flags.clock, "clock", .clock) { $0.clock = $1 }
        set("--loops", flags.loops, "loops", .loops) { $0.settings.loops = $1 }
        set("--log-level", flags.logLevel, "logLevel", .logLevel) { $0.logLevel = $1 }
        set(
            "--invalidation-delay", flags.invalidationDelay, "api.invalidationDelay",
            .invalidationDelay
        ) { $0.api.invalidationDelay = $1 }
        set("--stop-deadline", flags.stopDeadline, "limits.stopDeadline", .stopDeadline) {
            $0.settings.limits.stopDeadline = $1
        }
        applyAccessLog(flags)
    }

    private mutating func applyAccessLog(_ flags: ConfigurationFlags) {
        if let text = flags.accessLogFormat {
            findings.remember("accessLog.format", at: .flag("--access-log-format"))
            flag("--access-log-format", text).read(.logFormat, findings).map {
                accessLog.format = $0
            }
        }
        guard let place = flags.accessLog else { return }
        let key = place == "-" ? "stdout" : accessLog.format == .json ? "path" : "directory"
        findings.remember("accessLog.\(key)", at: .flag("--access-log"))
        guard let path = flag("--access-log", place).read(.text, findings) else { return }
        accessLog.path = nil
        accessLog.directory = nil
        accessLog.isStandardOutput = path == "-"
        switch accessLog.format {
        case _ where path == "-": break
        case .json: accessLog.path = path
        case .cloudfront: accessLog.directory = path
        }
    }

    private mutating func applyCache(_ flags: ConfigurationFlags) {
        set("--cache", flags.cache, "cache.directory", .text) {
            $0.settings.cache.directory = $1
        }
        set("--cache-size", flags.cacheSize, "cache.size", .cacheSize) {
            $0.settings.cache.bytes = $1
        }
        // A default that nobody wrote gives way to what somebody did.
        if !findings.isGiven("cache.objectSize") {
            let cache = configuration.settings.cache
            configuration.settings.cache.objectBytes = min(
                cache.objectBytes, Int(clamping: cache.bytes))
        }
    }

    private func flag(_ name: String, _ text: String) -> Given {
        Given(name: name, text: text, place: .flag(name))
    }

    // What a flag sets is blamed on the flag from here on, not on the file's key.
    private mutating func set<Value>(
        _ name: String, _ text: String?, _ key: String, _ form: ValueForm<Value>,
        _ assign: (inout Configuration, Value) -> Void
    ) {
        guard let text else { return }
        findings.remember(key, at: .flag(name))
        if let value = flag(name, text).read(form, findings) { assign(&configuration, value) }
    }
}
