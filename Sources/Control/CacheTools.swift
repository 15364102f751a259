public import Edge

/// How full the cache in a directory is and of what, as lines for a person.
public func describeCache(_ directory: String) throws(StoreError) -> String {
    endAtFaults()
    let statistics = try StoreTools.statistics(directory: directory)
    let page = 4_096
    let rows = [
        ["entries", "", "\(statistics.entries)"],
        ["bodies in chunks", "", "\(statistics.bodies)"],
        ["bodies to delete", "", "\(statistics.deletionsPending)"],
        ["index", "bytes", "\(statistics.indexPages * page)"],
        ["chunks", "bytes", "\(statistics.chunkPages * page)"],
        ["other", "bytes", "\(statistics.otherPages * page)"],
        ["in use", "bytes", "\(statistics.usedPages * page)"],
        ["unused", "bytes", "\(statistics.freePages * page)"],
        ["size", "bytes", "\(statistics.mapPages * page)"],
    ]
    return aligned(rows).joined(separator: "\n")
}

/// Checks every stored response; the lines say what was found.
///
/// Cost: reads the whole file.
public func verifyCache(
    _ directory: String
) throws(StoreError) -> (text: String, isSound: Bool) {
    endAtFaults()
    let found = try StoreTools.verify(directory: directory)
    let rows = [
        ["entries", "", "\(found.entries)"],
        ["damaged records", "", "\(found.damagedRecords)"],
        ["bodies", "", "\(found.bodies)"],
        ["bodies", "bytes", "\(found.bodyBytes)"],
        ["damaged bodies", "", "\(found.damagedBodies)"],
        ["missing bodies", "", "\(found.missingBodies)"],
        ["miscounted bodies", "", found.isComplete ? "\(found.miscounted)" : "not compared"],
        ["broken tables", "", "\(found.brokenTables)"],
    ]
    var lines = aligned(rows)
    if !found.isComplete { lines.append("  an edge is running on it, which changes the counts") }
    return (lines.joined(separator: "\n"), found.isSound)
}

/// Writes the cache anew without unused space.
public func compactCache(_ directory: String) throws(StoreError) -> String {
    endAtFaults()
    let (before, after) = try StoreTools.compact(directory: directory)
    return "\(before) bytes before, \(after) bytes after"
}

// A broken tree leads anywhere, and a process that follows it ends by a signal.
private func endAtFaults() {
    StoreTools.endAtFaults(
        saying:
            "mapedge: the cache is damaged so that it cannot be read; check the disk, or remove "
            + "the directory")
}
