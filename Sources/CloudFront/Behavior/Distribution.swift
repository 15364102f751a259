import Caching

/// A distribution ready for use: its behaviors in one form, in the order in which they are tried.
public struct Distribution: Sendable {
    public let config: DistributionConfig
    /// The default behavior is the last.
    public let behaviors: [Behavior]
    public let errors: ErrorCaching
    /// What is valid and known to surprise, in the order of the document.
    public let traps: [ConfigFinding]
    /// All that is known of it, from its document and its policies: nothing of it is an error.
    public private(set) var findings: [ConfigFinding] = []
    /// All patterns, one behind the other.
    private let patterns: NameList

    /// Reads a document as `DistributionConfig` does, and resolves the policies that it names.
    public static func read(
        _ document: ConfigNode, _ catalog: PolicyCatalog, isExport: Bool = false
    ) -> ConfigReading<Distribution> {
        let reading = DistributionConfig.read(document, isExport: isExport)
        guard let config = reading.value else {
            return ConfigReading(value: nil, findings: reading.findings)
        }
        let resolved = resolve(config, catalog)
        var distribution = resolved.value
        distribution?.findings = reading.findings + resolved.findings
        return ConfigReading(
            value: distribution, findings: reading.findings + resolved.findings)
    }

    /// Resolves the policies that the document names; also tells what is known to surprise.
    public static func resolve(
        _ config: DistributionConfig, _ catalog: PolicyCatalog
    ) -> ConfigReading<Distribution> {
        let log = FindingLog()
        let sources = config.cacheBehaviors + [config.defaultCacheBehavior]
        let traps = FindingLog()
        let behaviors = sources.compactMap { source -> Behavior? in
            guard let behavior = Behavior.resolve(source, in: config, catalog, log) else {
                return nil
            }
            Traps.judge(source, behavior, config, catalog, traps)
            return behavior
        }
        Traps.judge(config, behaviors, traps)
        log.add(traps.findings)
        var distribution = Distribution(config, behaviors, traps.findings)
        distribution.findings = log.findings
        return ConfigReading(
            value: behaviors.count == sources.count ? distribution : nil, findings: log.findings)
    }

    private init(
        _ config: DistributionConfig, _ behaviors: [Behavior], _ traps: [ConfigFinding]
    ) {
        self.config = config
        self.behaviors = behaviors
        self.traps = traps
        errors = ErrorCaching(config.customErrorResponses)
        patterns = NameList(behaviors.map { $0.pathPattern }, matching: .exactly)
    }

    /// The traps of one behavior; for who looks at a request of its.
    public func traps(of behavior: Int) -> [ConfigFinding] {
        let own = behaviors[behavior].place.path
        return traps.filter {
            $0.kind != .note && ($0.path == own || $0.path.hasPrefix(own + "."))
        }
    }

    /// The index of the first behavior whose pattern the path matches; the last one matches all.
    ///
    /// `path` as sent, without query and with the root object in its place; `scratch` is at least
    /// as long as the path, or what makes it longer is taken as it is. Allocates nothing.
    public func behaviorIndex(
        for path: RawSpan, scratch: UnsafeMutableRawBufferPointer,
        decoding: MatchPath.Decoding = .unreserved
    ) -> Int {
        guard MatchPath.needsNormalizing(path),
            let count = unsafe MatchPath.write(path, into: scratch, decoding: decoding)
        else { return match(path) }
        return match(unsafe UnsafeRawBufferPointer(rebasing: scratch[..<count]).bytes)
    }

    private func match(_ path: RawSpan) -> Int {
        let all = unsafe patterns.storage.span.bytes
        for index in 0..<patterns.count - 1
        where PathPattern.matches(all.extracting(patterns.range(index)), path: path) {
            return index
        }
        return patterns.count - 1
    }
}
