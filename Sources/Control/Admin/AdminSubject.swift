public import Caching
public import Edge
import Reactor
public import Tiles

/// What the admin port shows, and what it can make happen.
///
/// Called from the admin port's own threads; nothing here may wait for a loop, but for a moved
/// clock, and then for some seconds at most.
public protocol AdminSubject: Sendable {
    func counters() -> [CounterSample]
    func histograms() -> [HistogramSample]
    /// Whether the process lives and each loop has turned within the last seconds.
    var isTurning: Bool { get }
    var fitness: Fitness { get }
    /// It will offer more than it does now: the store is being opened.
    var isStarting: Bool { get }
    /// By what names a loopback address of the admin port may be asked, besides addresses and
    /// localhost; nil: by any. Default: nil.
    var adminHosts: [String]? { get }
    /// The state of pools, store and loops as JSON.
    func statusJSON() -> [UInt8]
    /// Reads the configuration again and swaps it in.
    func reload() -> ReloadOutcome
    /// What would be done with a request, given as its head, and why.
    func explain(_ request: [UInt8], usesTLS: Bool) throws(ExplainError) -> Explanation
    /// Makes stale what a scope names. Returns when that is on disk.
    ///
    /// - Parameter bySite: the site itself asks, at a listener of its own.
    func truncate(_ scope: WriteScope, bySite: Bool) throws(TruncationRefusal)
    /// Has tiles fetched, behind other seeds.
    ///
    /// - Parameters:
    ///   - threads: how many were asked for; nil: nobody said.
    ///   - bySite: as above.
    func seed(_ options: SeedOptions, threads: Int?, bySite: Bool) throws(TruncationRefusal)
    /// By what the edge knows its seeder; nil: it tells nobody.
    var seederWord: String? { get }
    /// Seeds that wait or run, as GeoWebCache tells them: tiles done, all tiles, seconds left,
    /// number, 0 or 1.
    func seedStatus(of layer: String?) -> [[Int64]]
    /// Ends seeds, of one layer or of all.
    ///
    /// - Parameter bySite: as above.
    func endSeeds(
        _ ending: SeedEnding, of layer: String?, bySite: Bool
    ) throws(TruncationRefusal)
    /// The layers of the pool below a path such as `/geoserver`, and its grid sets; nil: nobody has
    /// read them, or there is no pool.
    func tileLayers(below context: String) -> [LayerFacts]?
    func gridSets(below context: String) -> GridSets?
    /// nil: there is no store yet.
    var storeSpace: StoreSpace? { get }
    /// By what requests to GeoWebCache's interface are read.
    var writeContext: WriteContext { get }
    /// CloudFront's API for what is served here; nil where that is no distribution.
    var api: CloudFrontAPI? { get }
    /// Keeps what passes from now on, in memory, in place of any recording that runs.
    func beginRecording() throws(RecordingRefusal)
    /// Ends the recording: what passed, as a scenario file.
    func endRecording(
        named name: String?, pattern: String?, showsSecrets: Bool
    ) throws(RecordingRefusal) -> String
    /// What passed in the last milliseconds, as far as it was kept, as a scenario file.
    func lookBack(
        last: Int64, named name: String?, pattern: String?, showsSecrets: Bool
    ) throws(RecordingRefusal) -> String
    /// The scenario went out; until then it can be asked for again.
    func recordingWasSent()
    /// The time that is gone by here, and the way to move it. Default: the machine's.
    var clockControl: ClockControl { get }
}

extension AdminSubject {
    var isStarting: Bool { false }
    public var adminHosts: [String]? { nil }
    public var api: CloudFrontAPI? { nil }
    public var clockControl: ClockControl { ClockControl(.system, isLocal: true) { true } }

    public func recordingWasSent() {}

    public func beginRecording() throws(RecordingRefusal) {
        throw RecordingRefusal(status: 503, text: "the edge is not serving yet; try again")
    }

    public func endRecording(
        named name: String?, pattern: String?, showsSecrets: Bool
    ) throws(RecordingRefusal) -> String {
        throw RecordingRefusal(status: 503, text: "the edge is not serving yet; try again")
    }

    public func lookBack(
        last: Int64, named name: String?, pattern: String?, showsSecrets: Bool
    ) throws(RecordingRefusal) -> String {
        throw RecordingRefusal(status: 503, text: "the edge is not serving yet; try again")
    }

    public func truncate(_ scope: WriteScope, bySite: Bool) throws(TruncationRefusal) {
        throw TruncationRefusal(503, "the edge is not serving yet; try again")
    }

    public func seed(
        _ options: SeedOptions, threads: Int?, bySite: Bool
    ) throws(TruncationRefusal) {
        throw TruncationRefusal(503, "the edge is not serving yet; try again")
    }

    public func tileLayers(below context: String) -> [LayerFacts]? { nil }

    public func gridSets(below context: String) -> GridSets? { nil }

    public var storeSpace: StoreSpace? { nil }

    public var writeContext: WriteContext { WriteContext() }

    public var seederWord: String? { nil }

    public func seedStatus(of layer: String?) -> [[Int64]] { [] }

    public func endSeeds(
        _ ending: SeedEnding, of layer: String?, bySite: Bool
    ) throws(TruncationRefusal) {
        throw TruncationRefusal(503, "the edge is not serving yet; try again")
    }

    public func explain(
        _ request: [UInt8], usesTLS: Bool
    ) throws(ExplainError) -> Explanation {
        throw ExplainError("the edge is not serving yet; try again")
    }
}

/// Whether viewers should be sent here.
public enum Fitness: Sendable, Equatable {
    case ready
    /// Viewers are served, but not as well as they could be; the words say what is amiss.
    case degraded(String)
    /// The words say why not.
    case unfit(String)
}

/// How a reload ended.
public enum ReloadOutcome: Sendable {
    /// The new configuration is in force; there may be warnings.
    case swapped([Finding])
    /// The old one stays in force, for these reasons, one line each.
    case refused([String])
}
