/// What an edge remembers of what it has told CloudFront, so that the next process goes on there.
public struct OutgoingRecord: Sendable, Equatable {
    /// The distribution, and how it is told: another one has been told nothing.
    public var target: String
    /// The edge's own name in caller references, lest two edges use the same one.
    public var instance: String
    /// References used so far.
    public var sequence: UInt64
    /// The number of the invalidation up to which CloudFront has been told all.
    public var told: UInt64
    /// What is being sent: again under the same reference until CloudFront has it.
    public var batch: OutgoingBatch?

    public init(
        target: String, instance: String, sequence: UInt64 = 0, told: UInt64,
        batch: OutgoingBatch? = nil
    ) {
        (self.target, self.instance, self.sequence) = (target, instance, sequence)
        (self.told, self.batch) = (told, batch)
    }

    private static var firstLine: String { "mapedge outgoing invalidations 1" }
    private static var lastLine: String { "end" }

    /// One line for each value, one for each item, and a last one by which a file that was cut is
    /// known.
    public var text: String {
        var lines = [
            Self.firstLine, "target \(target)", "instance \(instance)", "sequence \(sequence)",
            "told \(told)",
        ]
        if let batch {
            lines.append("batch \(batch.upTo) \(batch.reference)")
            lines += batch.items.map { "item \($0)" }
        }
        return (lines + [Self.lastLine]).map { $0 + "\n" }.joined()
    }

    /// Reads what `text` wrote; nil if it is anything else.
    public init?(_ text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        func value(_ word: String) -> String? {
            guard let line = lines.first, line.hasPrefix(word + " ") else { return nil }
            lines.removeFirst()
            return String(line.dropFirst(word.count + 1))
        }
        guard lines.popFirst().map(String.init) == Self.firstLine, let target = value("target"),
            let instance = value("instance"), let sequence = value("sequence").flatMap(UInt64.init),
            let told = value("told").flatMap(UInt64.init)
        else { return nil }
        var batch: OutgoingBatch?
        if let words = value("batch")?.split(separator: " "), words.count == 2 {
            guard let upTo = UInt64(words[0]) else { return nil }
            batch = OutgoingBatch(reference: String(words[1]), items: [], upTo: upTo)
            while let item = value("item") { batch?.items.append(item) }
        }
        guard lines.map(String.init) == [Self.lastLine, ""], batch?.items.isEmpty != true else {
            return nil
        }
        self.init(
            target: target, instance: instance, sequence: sequence, told: told, batch: batch)
    }

    /// Where to go on: from the record of an earlier process, if the log of invalidations still
    /// has all that came since; else from now on, and everything is to be told.
    ///
    /// - Parameters:
    ///   - record: nil: there is none, or it cannot be read.
    ///   - latest: the number of the latest invalidation in the log.
    ///   - retired: that of the latest one that is forgotten.
    ///   - instance: a new name, where one is needed.
    public static func resuming(
        _ record: OutgoingRecord?, target: String, latest: UInt64, retired: UInt64,
        instance: String
    ) -> (record: OutgoingRecord, startsAnew: Bool) {
        var next = record?.target == target ? record : nil
        let isWhole =
            next.map { record in
                (retired...max(retired, latest)).contains(record.told)
                    && (record.batch?.upTo ?? 0) <= latest
            } ?? false
        // References are new in each process: one that was used before would stand for what it
        // stood for then, and CloudFront would do nothing. The batch under way keeps its own.
        next?.instance = instance
        if let next, isWhole { return (next, false) }
        var anew = next ?? OutgoingRecord(target: target, instance: instance, told: latest)
        (anew.told, anew.batch) = (latest, nil)
        return (anew, true)
    }

    /// Names a batch, as nothing was named before.
    mutating func newReference() -> String {
        sequence += 1
        return "mapedge-\(instance)-\(sequence)"
    }
}

/// One CreateInvalidation: the same items under the same reference, however often it is sent.
public struct OutgoingBatch: Sendable, Equatable {
    public var reference: String
    public var items: [String]
    /// The invalidations up to this number are all told with it.
    public var upTo: UInt64

    public init(reference: String, items: [String], upTo: UInt64) {
        (self.reference, self.items, self.upTo) = (reference, items, upTo)
    }

    var paths: Int { items.count - wildcards }
    var wildcards: Int { items.count { InvalidationPath.isWildcard($0) } }
}
