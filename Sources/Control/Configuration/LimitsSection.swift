import Edge
import HTTP

/// The keys of `limits`.
func readLimits(_ section: Section, _ limits: inout ViewerLimits) {
    var section = section
    let wait = ValueForm<Int>.duration(1...86_400_000)
    // The parser's offsets have 16 bits and its table 128 rows.
    var (target, head) = (limits.head.targetBytes, limits.head.headBytes)
    var fields = limits.head.fieldCount
    section.read("target", &target, .bytes(64...65_535))
    section.read("head", &head, .bytes(256...65_535))
    section.read("fields", &fields, .count(1...128))
    (limits.head.targetBytes, limits.head.headBytes) = (target, head)
    limits.head.fieldCount = fields
    section.read("body", &limits.bodyBytes, .bytes(0...(.max)))
    section.read("headerTimeout", &limits.headerTimeout, wait)
    section.read("bodyTimeout", &limits.bodyTimeout, wait)
    section.read("writeTimeout", &limits.writeTimeout, wait)
    section.read("idleTimeout", &limits.idleTimeout, wait)
    section.read("tunnelTimeout", &limits.tunnelTimeout, wait)
    section.read("minimumRate", &limits.minimumRate, .bytes(0...(1 << 30)))
    section.read("rateGrace", &limits.rateGrace, .duration(0...86_400_000))
    section.read("connectionsPerLoop", &limits.connectionsPerLoop, .count(1...1_048_576))
    section.read("connectionsPerAddress", &limits.connectionsPerAddress, .count(0...1_048_576))
    section.read("stopDeadline", &limits.stopDeadline, .stopDeadline)
    section.read("lookBack", &limits.lookBack, .bytes(0...(1 << 30)))
    section.read("tickBudget", &limits.tickBudget, .bytes(4_096...(1 << 30)))
    section.finish()
}

/// The keys of `southbound`.
func readSouthbound(_ section: Section, _ southbound: inout SouthboundSettings) {
    var section = section
    section.read("deadline", &southbound.deadline, .duration(1...86_400_000))
    section.read("breakerFailures", &southbound.breakerFailures, .count(1...1_000))
    section.read("breakerTime", &southbound.breakerTime, .duration(1...86_400_000))
    section.read("tileCache", &southbound.isTileCache, .flag)
    section.read("breakerMaximum", &southbound.breakerMaximum, .duration(1...86_400_000))
    section.finish()
}

/// The keys of `cache`.
func readCache(_ section: Section, _ cache: inout CacheSettings) {
    var section = section
    section.read("directory", &cache.directory, .text)
    section.read("size", &cache.bytes, .cacheSize)
    section.read("objectSize", &cache.objectBytes, .bytes(0...(1 << 36)))
    section.read("fillMemory", &cache.fillBytes, .bytes((1 << 20)...(1 << 40)))
    section.read("backlog", &cache.backlogBytes, .bytes((1 << 20)...(1 << 40)))
    section.read("collapseTimeout", &cache.collapseTimeout, .duration(0...86_400_000))
    section.finish()
}
