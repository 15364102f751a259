import Caching
import Glibc
import Reactor

/// One configuration in force: immutable, shared by all loops, replaced whole by a reload.
package final class SettingsSnapshot: Sendable {
    let settings: Settings
    let pools: [OriginPool]
    let hot: HotTable
    /// For connections accepted from now on.
    let viewerTLS: TLSContext?

    /// Pools whose origin did not change are taken over from `previous`, health and all; their next
    /// connections use the new certificates.
    package init(
        _ settings: Settings, previous: SettingsSnapshot?, _ contexts: TLSContexts = TLSContexts()
    ) {
        self.settings = settings
        pools = settings.origins.map { origin in
            previous?.pools.first { $0.settings.isSame(as: origin) } ?? OriginPool(origin)
        }
        viewerTLS = contexts.viewers
        for (pool, context) in zip(pools, contexts.origins) { pool.tls = context }
        hot = HotTable(settings)
    }

    deinit { hot.deallocate() }
}

extension OriginSettings {
    /// Same members and same treatment, so that what was learned of their health still holds.
    fileprivate func isSame(as other: OriginSettings) -> Bool {
        String(describing: self) == String(describing: other)
    }
}

/// A behavior as the hit path reads it: no references, so that reading it retains nothing.
struct HotBehavior {
    var policy: BehaviorPolicy
    var origin: Int
    /// The pattern's bytes; empty for one that matches every path.
    var pattern: UnsafeRawBufferPointer
    /// Cookie names of sessions, each followed by a zero byte.
    var sessionCookies: UnsafeRawBufferPointer
}

/// All behaviors in order, in memory of their own; the owner is the `SettingsSnapshot`.
struct HotTable: @unchecked Sendable {  // written once before it is shared
    private let behaviors: UnsafeMutablePointer<HotBehavior>
    let count: Int
    private let text: UnsafeMutableRawPointer
    /// Parts of heads that name the edge, ready to be copied.
    let via10: UnsafeRawBufferPointer
    let via11: UnsafeRawBufferPointer
    let cacheStatus: UnsafeRawBufferPointer
    let resultFrom: UnsafeRawBufferPointer
    private let trusted: UnsafeMutableBufferPointer<AddressBlock>

    init(_ settings: Settings) {
        let patterns = settings.behaviors.map { behavior -> [UInt8] in
            behavior.pattern == "*" || behavior.pattern == "/*" ? [] : Array(behavior.pattern.utf8)
        }
        let cookies = settings.behaviors.map { behavior -> [UInt8] in
            behavior.sessionCookies.reduce(into: []) { $0 += Array($1.utf8) + [0] }
        }
        trusted = .allocate(capacity: settings.trustedProxies.count)
        _ = trusted.initialize(from: settings.trustedProxies)
        count = settings.behaviors.count
        behaviors = .allocate(capacity: max(count, 1))
        text = .allocate(
            byteCount: (patterns + cookies).reduce(256 + 4 * settings.name.utf8.count) {
                $0 + $1.count
            }, alignment: 16)
        var cursor = text
        let keep = { (bytes: [UInt8]) -> UnsafeRawBufferPointer in
            bytes.withUnsafeBytes {
                if let base = $0.baseAddress { memcpy(cursor, base, $0.count) }
            }
            defer { cursor += bytes.count }
            return UnsafeRawBufferPointer(start: cursor, count: bytes.count)
        }
        let name = settings.name
        via10 = keep(Array("Via: 1.0 \(name)\r\n".utf8))
        via11 = keep(Array("Via: 1.1 \(name)\r\n".utf8))
        cacheStatus = keep(Array("Cache-Status: \(name)".utf8))
        resultFrom = keep(Array(" from \(settings.role == .twin ? "cloudfront" : name)\r\n".utf8))
        for (index, behavior) in settings.behaviors.enumerated() {
            (behaviors + index).initialize(
                to: HotBehavior(
                    policy: behavior.policy, origin: behavior.origin,
                    pattern: keep(patterns[index]), sessionCookies: keep(cookies[index])))
        }
    }

    func deallocate() {
        behaviors.deallocate()
        text.deallocate()
        trusted.deallocate()
    }

    /// Whether an address is one of the trusted proxies'.
    func trusts(_ address: SocketAddress) -> Bool {
        for block in trusted where block.contains(address) { return true }
        return false
    }

    subscript(index: Int) -> HotBehavior {
        @inline(__always) unsafeAddress { UnsafePointer(behaviors + index) }
    }

    /// The first behavior whose pattern matches the path; the last one always does.
    @inline(__always)
    func match(_ path: UnsafeRawBufferPointer) -> Int {
        var index = 0
        while index < count - 1 {
            let pattern = behaviors[index].pattern
            if pattern.isEmpty || PathPattern.matches(pattern.bytes, path: path.bytes) {
                return index
            }
            index += 1
        }
        return index
    }
}
