import Glibc

/// Raises the number of descriptors that the process may have open to the most it is allowed.
///
/// - Returns: that number; what it was, where the kernel refuses.
public func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
        trap("getrlimit", errno)
    }
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    let result = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
    return Int(clamping: result == 0 ? raised.rlim_cur : limit.rlim_cur)
}

/// How many descriptors viewers may have; the rest are for origins, checks and files.
func descriptorsForViewers() -> Int32 {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
        trap("getrlimit", errno)
    }
    let all = Int(clamping: limit.rlim_cur)
    return Int32(clamping: all - max(16, min(all / 8, 1_024)))
}

/// Raises the limit on descriptors, and makes sure that there are enough for an edge with so many
/// loops: its own, those kept for origins, and a few viewers.
///
/// - Throws: `TooFewDescriptors`.
public func requireDescriptors(loops: Int) throws(TooFewDescriptors) {
    let needed = TooFewDescriptors.needed(loops: loops)
    let limit = raiseDescriptorLimit()
    guard limit >= needed else { throw TooFewDescriptors(limit: limit, needed: needed) }
}

/// The process may have so few descriptors open that it could serve nobody.
public struct TooFewDescriptors: Error, CustomStringConvertible {
    public var limit: Int
    public var needed: Int

    /// A loop has four. The others are those of store, logs, checks and ports, and what `accept`
    /// leaves to origins.
    public static func needed(loops: Int) -> Int { 40 + 4 * loops }

    public var description: String {
        "\(limit) descriptors may be open, and \(needed) are needed to serve anybody; "
            + "raise LimitNOFILE (ulimit -n)"
    }
}
