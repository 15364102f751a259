import Caching

/// What one transaction did: taken over when it is committed, forgotten when it is undone.
struct Changes {
    /// Operations that are done with this commit.
    var done: [Operation] = []
    /// Entries for the eviction to watch from now on.
    var entered: [WatchedEntry] = []
    /// Entries watched already, whose times are new.
    var renewed: [CacheKey] = []
    /// Objects no record names any more.
    var orphans: [Orphan] = []
    /// How many of the writer's `ready` objects were deleted for good.
    var reclaimed = 0
    /// Pages of deleted bodies given back.
    var reclaimedPages = 0
    /// Bytes written.
    var written = 0
    /// Pages given back, those of trees included, and pages taken, as far as can be told.
    var freed = 0
    var taken = 0
    /// Entries that the eviction chose, to be watched again if this comes to nothing.
    var victims: [WatchedEntry] = []
    /// Object ids below this may be given once this is committed.
    var reservedObjects: UInt64?
    /// The highest invalidation number of the entries written.
    var invalidation: UInt64 = 0
    /// What was invalidated up to this number is deleted once this is committed.
    var swept: UInt64?
    /// Whether anything was changed in the file.
    var isEmpty = true
}

/// An entry as the eviction is told of it.
struct WatchedEntry {
    var key: CacheKey
    /// What its eviction frees.
    var pages: Int
    /// From then on it is of no use.
    var expiry: Milliseconds
    var renderTime: Milliseconds
    var storedAt: Milliseconds = 0
}

/// An object that no record names: its chunks go as soon as nobody reads them.
struct Orphan {
    var objectID: UInt64
    /// Pages of its chunks.
    var pages: Int
}

/// Orphans of one commit, and who might still have found them.
struct OrphanGroup {
    var orphans: [Orphan]
    var sightings: [ReaderSlots.Sighting]
}
