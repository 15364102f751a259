import Caching
import LMDB
import Synchronization

/// What readers, the writer and callers of the store have in common.
package final class StoreCore: Sendable {
    let settings: StoreSettings
    let directory: StoreDirectory
    let seed: (UInt64, UInt64)
    /// The process leaves marks by which the next start knows how it ended.
    let isGuarded: Bool
    let log: @Sendable (StoreEvent) -> Void
    let counters = StoreCounters()
    let pending = PendingTable()
    package let references = References()
    let queue: StoreQueue
    let readers: ReaderSlots
    let marks: ServedMarks
    let touches: TouchTable
    let vouched: VouchedObjects

    private let file: Mutex<StoreFile?>
    private let fileGeneration: Atomic<UInt64>
    private let modeCell: Atomic<UInt8>
    private let fullCell = Atomic<Bool>(false)
    private let heldCell = Atomic<Bool>(false)
    private let damage = Mutex(DamageRate())
    private let damaged = Atomic<UInt64>(.max)

    init(
        _ settings: StoreSettings, seed: (UInt64, UInt64), file: StoreFile?, ownFrom: UInt64,
        isGuarded: Bool, touches: TouchTable, log: @escaping @Sendable (StoreEvent) -> Void
    ) {
        self.settings = settings
        self.isGuarded = isGuarded
        directory = StoreDirectory(settings.directory)
        self.seed = seed
        self.log = log
        queue = StoreQueue(limit: settings.backlogBytes)
        readers = ReaderSlots(capacity: settings.readers)
        marks = ServedMarks(mapPages: settings.roundedMapBytes / Environment.pageBytes)
        self.touches = touches
        vouched = VouchedObjects(ownFrom: ownFrom)
        fileGeneration = Atomic(file?.generation ?? 0)
        modeCell = Atomic((file == nil ? StoreMode.off : .normal).rawValue)
        self.file = Mutex(file)
    }

    deinit {
        marks.deallocate()
        unsafe touches.deallocate()
    }

    /// The generation of the file in use. One load.
    var generation: UInt64 {
        @inline(__always) get { fileGeneration.load(ordering: .acquiring) }
    }

    /// The file in use, nil while there is none, and its generation.
    var currentFile: (StoreFile?, UInt64) { file.withLock { ($0, generation) } }

    /// Lets all readers follow to another file, or to none.
    func replaceFile(_ replacement: StoreFile?, generation: UInt64) {
        file.withLock { file in
            file = replacement
            fileGeneration.store(generation, ordering: .releasing)
        }
    }

    var mode: StoreMode {
        get { StoreMode(rawValue: modeCell.load(ordering: .relaxed)) ?? .off }
        set { modeCell.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// The map is so full that nothing more is stored.
    var isFull: Bool {
        get { fullCell.load(ordering: .relaxed) }
        set { fullCell.store(newValue, ordering: .relaxed) }
    }

    /// Deleted bodies wait for somebody to let them go.
    var hasHeld: Bool {
        get { heldCell.load(ordering: .relaxed) }
        set { heldCell.store(newValue, ordering: .relaxed) }
    }

    /// Queues the deletion of an entry that cannot be read.
    ///
    /// - Parameter condemns: too many of them condemn the file.
    func discard(_ key: CacheKey, condemns: Bool = true) {
        counters.add(.corrupt)
        if condemns { noteDamagedEntry() }
        let deletion = Deletion(key: key, whenDurable: nil)
        _ = pending.enter(key, .deleted) { queue.append(.delete(deletion)) }
    }

    // MARK: damage

    /// How often entries turned out damaged lately.
    private struct DamageRate {
        var minute: Milliseconds = 0
        var count = 0
    }

    /// More damaged entries than this within a minute: the file is not to be trusted.
    private static let damageLimit = 3

    /// LMDB failed under a reader; the writer decides what becomes of the file.
    func noteReadFailure(_ error: LMDBError, generation: UInt64) {
        guard error.kind == .damaged else { return }
        damaged.store(generation, ordering: .relaxed)
        log(StoreEvent(.error, "the cache file is damaged: \(error); it will be set aside"))
    }

    /// An entry failed verification; too many of them condemn the file.
    private func noteDamagedEntry() {
        let minute = settings.clock() / 60_000
        let count = damage.withLock { damage in
            if damage.minute != minute { damage = DamageRate(minute: minute) }
            damage.count += 1
            return damage.count
        }
        if count > Self.damageLimit { damaged.store(generation, ordering: .relaxed) }
    }

    /// Whether the file of this generation was found damaged.
    func isDamaged(_ generation: UInt64) -> Bool { damaged.load(ordering: .relaxed) == generation }
}
