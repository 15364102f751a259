import CloudFront
import Edge
import Glibc
import Synchronization
import Testing

@testable import Control

/// Takes whatever comes, as an edge that can follow it.
private struct Yielding: DistributionEffects {
    func invalidate(_ targets: [InvalidationPath], isSoft: Bool) throws(APIError) -> UInt64? { nil }
    func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount { StoreCount() }
    func advice(on target: InvalidationPath) -> String? { nil }
    func update(_ distribution: Distribution) throws {}
}

extension ServiceTests {
    private func imported(
        _ files: ExportFiles, _ export: Export, cache: String? = nil, origins: [String] = []
    ) throws -> ConfigurationReading {
        let path = try files.write("dist.json", export.json)
        return configured {
            $0.distribution = path
            $0.origins = origins
            $0.cache = cache
        }
    }

    private func node(_ export: Export, _ files: ExportFiles) throws -> ConfigNode {
        let path = try files.write("next.json", export.config)
        return try #require(readDocument(path, Findings()))
    }

    private func expectPool(_ id: String, _ running: RunningService) throws {
        let status = try running.ask("/status")
        #expect(status.contains("\"\(id)\""), "\(status)")
    }

    private var next: Export {
        Export(origins: [Export.origin("maps"), Export.origin("more")])
    }

    @Test("an update of its distribution is in force at once, and a reload takes the export anew")
    func update() throws {
        let files = ExportFiles()
        let running = RunningService(try imported(files, Export()))
        try running.run { service in
            let id = try #require(service.state.withLock { $0.configuration.distribution }).record
                .id
            #expect(running.events.contains { $0.hasPrefix("api: serving as distribution \(id)") })
            let before = try running.ask("/status")
            #expect(!before.contains("\"more\""))
            let stored = try #require(service.state.withLock { $0.distribution })
            try stored.apply(node(next, files), now: 5)
            try expectPool("more", running)
            let bad = try node(Export(standard: Export.behavior("none")), files)
            #expect(throws: APIError.self) { try stored.apply(bad, now: 6) }
            try expectPool("more", running)
            #expect(stored.distribution.lastModified == 5)
            running.willRead(
                try imported(
                    files,
                    Export(origins: [
                        Export.origin("maps"), Export.origin("third"),
                    ])))
            guard case .swapped = service.reload() else {
                Issue.record("refused: \(running.events)")
                return
            }
            try expectPool("third", running)
            let told = service.state.withLock { $0.distribution }?.distribution
            #expect(told?.config["Origins"]?.text("Quantity") == "2")
            running.willRead(try imported(files, Export(standard: Export.behavior("none"))))
            guard case .refused = service.reload() else {
                Issue.record("a distribution without its origin is in force")
                return
            }
        }
    }

    @Test("what was updated before a restart is updated still, and a reload leaves it so")
    func restart() throws {
        let files = ExportFiles()
        let cache = files.policies
        let reading = try imported(files, Export(), cache: cache)
        let stored = try StoredDistribution(
            reading.configuration.record, policies: [:], directory: cache, effects: Yielding())
        try stored.apply(node(next, files), now: 5)
        let running = RunningService(reading)
        try running.run { service in
            try expectPool("more", running)
            guard case .swapped = service.reload() else {
                Issue.record("refused: \(running.events)")
                return
            }
            try expectPool("more", running)
        }
        let kept = running.events.filter { $0.contains("as an update through the control API") }
        #expect(kept.count == 1 && kept[0].contains("dist.json\" has it"), "\(running.events)")
    }

    @Test("an update that is given up for a changed file is told once, at a start and at a reload")
    func forgotten() throws {
        let files = ExportFiles()
        let cache = files.policies
        let reading = try imported(files, Export(), cache: cache)
        do {
            let stored = try StoredDistribution(
                reading.configuration.record, policies: [:], directory: cache, effects: Yielding())
            try stored.apply(node(next, files), now: 5)
        }
        func third() throws -> ConfigurationReading {
            try imported(
                files, Export(origins: [Export.origin("maps"), Export.origin("third")]),
                cache: cache)
        }
        func told(_ running: RunningService) -> Int {
            running.events.filter { $0.contains("is no longer in force") }.count
        }
        let first = RunningService(try third())
        try first.run { _ in try expectPool("third", first) }
        #expect(told(first) == 1, "\(first.events)")
        let second = RunningService(try third())
        try second.run { service in
            #expect(told(second) == 0, "\(second.events)")
            let stored = try #require(service.state.withLock { $0.distribution })
            try stored.apply(node(next, files), now: 6)
            second.willRead(try imported(files, Export(), cache: cache))
            guard case .swapped = service.reload() else {
                Issue.record("refused: \(second.events)")
                return
            }
            #expect(told(second) == 1, "\(second.events)")
        }
    }

    @Test("an update that was written into the file is in force still, and nobody says otherwise")
    func writtenDown() throws {
        let files = ExportFiles()
        let cache = files.policies
        let written = Export(origins: [Export.origin("maps"), Export.origin("more")])
        let reading = try imported(files, Export(), cache: cache)
        let update = try imported(files, written, cache: cache).configuration.record.config
        do {
            let stored = try StoredDistribution(
                reading.configuration.record, policies: [:], directory: cache, effects: Yielding())
            try stored.apply(update, now: 5)
        }
        for isReload in [false, true] {
            let running = RunningService(
                isReload ? reading : try imported(files, written, cache: cache))
            try running.run { service in
                if isReload {
                    let stored = try #require(service.state.withLock { $0.distribution })
                    try stored.apply(update, now: 6)
                    running.willRead(try imported(files, written, cache: cache))
                    guard case .swapped = service.reload() else {
                        Issue.record("refused: \(running.events)")
                        return
                    }
                }
                try expectPool("more", running)
            }
            #expect(!running.events.contains { $0.contains("is no longer") }, "\(running.events)")
        }
    }

    @Test("what surprises in an update is logged, counted and shown, as check would have it")
    func warnings() throws {
        let files = ExportFiles()
        let origins = [Export.origin("maps", "192.0.2.7")]
        let running = RunningService(try imported(files, Export(origins: origins)))
        try running.run { service in
            let stored = try #require(service.state.withLock { $0.distribution })
            func told() -> [String] {
                running.events.filter { $0.hasPrefix("api: the update: ") }
            }
            let gauge = "mapedge_distribution_findings{severity=\"warning\"}"
            let before = try running.ask("/metrics").split(separator: "\n").filter {
                $0.hasPrefix(gauge)
            }
            // CachingOptimized has a MinTTL, and the behavior no class.
            #expect(before == ["\(gauge) 2"])
            #expect(told() == [])
            let change = Export(
                origins: origins,
                standard: Export.behavior("maps", more: ", \"SmoothStreaming\": true"))
            try stored.apply(node(change, files), now: 5)
            #expect(
                told() == [
                    "api: the update: DefaultCacheBehavior.SmoothStreaming: not emulated: "
                        + "SmoothStreaming is not emulated; serve the media files by another "
                        + "behavior",
                    "api: the update: DefaultCacheBehavior: MinTTL is 1, so that responses with "
                        + "no-store, no-cache or private are stored and shared for as long; use a "
                        + "cache policy with MinTTL 0 where responses are personal",
                ])
            let status = try running.ask("/status")
            #expect(status.contains("SmoothStreaming is not emulated"))
            let metrics = try running.ask("/metrics")
            #expect(metrics.contains("\(gauge) 2\n"))
            #expect(metrics.contains("mapedge_distribution_findings{severity=\"note\"} "))
            // Refused, it leaves everything as it was told.
            let bad = try node(Export(standard: Export.behavior("none")), files)
            #expect(throws: APIError.self) { try stored.apply(bad, now: 6) }
            #expect(told().count == 2)
            guard case .swapped(let warnings) = service.reload() else {
                Issue.record("refused: \(running.events)")
                return
            }
            let kept = warnings.map(\.text).filter { $0.contains("SmoothStreaming") }
            #expect(
                kept == [
                    "the update, which stays in force: DefaultCacheBehavior.SmoothStreaming: not "
                        + "emulated: SmoothStreaming is not emulated; serve the media files by "
                        + "another behavior"
                ])
            #expect(running.events.contains("reload: \(kept[0])"))
        }
    }

    @Test("a reload answers with the address that the update in force has left idle")
    func idleAddress() throws {
        let files = ExportFiles()
        let reading = try imported(
            files, Export(origins: [Export.origin("maps", "192.0.2.7")]),
            origins: ["maps=http://192.0.2.8"])
        let running = RunningService(reading)
        try running.run { service in
            let stored = try #require(service.state.withLock { $0.distribution })
            func told() -> [String] {
                guard case .swapped(let warnings) = service.reload() else { return [] }
                return warnings.map(\.description).filter { $0.contains("idle") }
            }
            #expect(told() == [])
            let change = Export(
                origins: [Export.origin("pages", "192.0.2.9")],
                standard: Export.behavior("pages"))
            try stored.apply(node(change, files), now: 5)
            #expect(
                told() == [
                    "warning: the update, which stays in force: the distribution has no origin "
                        + "\"maps\" any more, so that its addresses and what else --origin and "
                        + "origins say of it are idle, and an origin that took its place is asked "
                        + "at its DomainName; name it \"maps\" again, or change the export with "
                        + "--origin or origins, and restart"
                ])
        }
    }

    @Test("an update that can no longer be followed is told, and the export is served")
    func staleUpdate() throws {
        let files = ExportFiles()
        let cache = files.policies
        let reading = try imported(files, Export(), cache: cache)
        let stored = try StoredDistribution(
            reading.configuration.record, policies: [:], directory: cache, effects: Yielding())
        try stored.apply(node(next, files), now: 5)
        // As if the file were from another version, which took what this one refuses.
        let path = cache + "/distribution.xml"
        let text = try readTextFile(path)
        try writeTextFile(
            path, text.replacing("<TargetOriginId>maps<", with: "<TargetOriginId>none<"))
        let running = RunningService(reading)
        try running.run { service in
            try expectPool("maps", running)
            // What is told is what is served.
            let told = service.state.withLock { $0.distribution }?.distribution
            #expect(told == reading.configuration.record)
        }
        let told = running.events.filter { $0.contains("is not in force: ") }
        #expect(told.count == 1 && told[0].contains("no origin is named \"none\""), "\(told)")
    }
}
