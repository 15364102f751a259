public import CloudFront
import HTTP

/// What CloudFront does not document and concerns a distribution as a whole, as this edge reads it.
///
/// What concerns a single behavior is in its policy: see `Reading`.
public struct DistributionReadings: Sendable, Equatable {
    /// A check that a request must pass before the cache is looked at.
    public enum Check: UInt8, Sendable, CaseIterable {
        /// The Host is one of the distribution's, where that is asked for.
        case host
        /// The distribution is enabled.
        case enabled
        /// The viewer's country is served.
        case country
        /// Redirect to https, or https only.
        case scheme
        /// The behavior's AllowedMethods.
        case method
        /// No body with GET and HEAD.
        case body
        /// Signed URLs and cookies.
        case signature
        /// No more than two distributions one behind the other.
        case stacked

        /// Its name in `mapedge.yaml`.
        public var word: String { "\(self)" }
    }

    /// Which escapes of a path count as the bytes they stand for, for patterns.
    public var pathDecoding = MatchPath.Decoding.unreserved
    /// The behavior of a request for `/` is chosen by that; else by the root object's path. The
    /// key has the latter either way.
    public var matchesRootAsSlash = false
    /// An invalidation of `/` is not one of the root object.
    public var separatesRoot = false
    /// An invalidation's query loses what the key of its behavior does not have.
    public var narrowsInvalidations = false
    /// The order of the checks; all of them.
    public var checks = Check.allCases
    /// What an answer says that lacks a signature, or a policy; fit to stand in XML.
    public var missingSignature = "\(AccessDenial.missingSignature.message)"
    public var missingPolicy = "\(AccessDenial.missingPolicy.message)"

    public init() {}

    /// The body of an answer that refuses access.
    func body(_ denial: AccessDenial) -> String {
        switch denial {
        case .missingSignature: denial.body(saying: missingSignature)
        case .missingPolicy: denial.body(saying: missingPolicy)
        default: denial.body
        }
    }
}

extension Settings {
    /// What an item of an invalidation names among what is stored: `/` is the root object, and
    /// path and query are as the key of their behavior has them. More than one where more than one
    /// behavior stores the object.
    package func settled(_ path: InvalidationPath) -> [InvalidationPath] {
        guard let distribution else { return [path] }
        let (readings, rules) = (distribution.readings, distribution.distribution)
        let root = rules.config.defaultRootObject
        let named = readings.separatesRoot ? path : path.naming(rootObject: root)
        guard case .exact(let bytes) = named else { return [named] }
        var targets = [Array(bytes.prefix { $0 != UInt8(ascii: "?") })]
        // What was asked for as `/` is stored under the root object's path, by the key of the
        // behavior of `/`.
        if readings.matchesRootAsSlash, !root.isEmpty, targets[0].elementsEqual("/\(root)".utf8) {
            targets.append([UInt8(ascii: "/")])
        }
        var settled: [InvalidationPath] = []
        for target in targets {
            let key = selection(ofPath: target, in: distribution)
            let path =
                key.map { named.keyed(by: $0, narrowing: readings.narrowsInvalidations) } ?? named
            if !settled.contains(path) { settled.append(path) }
        }
        return settled
    }

    /// What the author of an item of an invalidation may not expect of it: it clears less than it
    /// seems to say; nil: nothing stands out. See `InvalidationPath.advice(keysQueryStrings:)`.
    package func advice(on item: InvalidationPath) -> String? {
        guard let named = settled(item).first, case .exact(let bytes) = named else { return nil }
        let path = Array(bytes.prefix { $0 != UInt8(ascii: "?") })
        // Without a distribution all of a query is in the key.
        let key = distribution.flatMap { selection(ofPath: path, in: $0) }
        return named.advice(keysQueryStrings: key.map { $0.queryStrings.mode != .none } ?? true)
    }

    /// What is in the key of the behavior that a path belongs to.
    private func selection(
        ofPath path: [UInt8], in distribution: DistributionSettings
    ) -> KeySelection? {
        let index = unsafe withUnsafeTemporaryAllocation(
            byteCount: max(path.count, 1), alignment: 1
        ) { scratch in
            unsafe distribution.distribution.behaviorIndex(
                for: path.span.bytes, scratch: scratch,
                decoding: distribution.readings.pathDecoding)
        }
        return behaviors.indices.contains(index) ? behaviors[index].imported?.behavior.key : nil
    }
}
