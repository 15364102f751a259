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
