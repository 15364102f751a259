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
