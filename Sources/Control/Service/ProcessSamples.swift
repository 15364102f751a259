import Edge
import Glibc

/// Numbers of the process, under the names that Prometheus' own libraries give them.
///
/// Source: prometheus.io, "Writing client libraries", process metrics.
func processSamples() -> [CounterSample] {
    var samples = [
        CounterSample(
            name: "mapedge_build_info", help: "1, with the version as label", kind: .gauge,
            labels: [("version", mapEdgeVersion)], value: 1)
    ]
    var usage = rusage()
    if unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
        samples.append(
            CounterSample(
                name: "process_cpu_seconds_total",
                help: "processor time used, user and system, in seconds", kind: .counter,
                value: seconds(usage.ru_utime) + seconds(usage.ru_stime)))
    }
    if let bytes = residentBytes() {
        samples.append(
            CounterSample(
                name: "process_resident_memory_bytes",
                help: "memory in use, pages of the mapped cache included", kind: .gauge,
                value: Double(bytes)))
    }
    var limit = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
        samples.append(
            CounterSample(
                name: "process_max_fds", help: "descriptors that may be open", kind: .gauge,
                value: Double(limit.rlim_cur)))
    }
    return samples
}

private func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
}

// The second number of statm, in pages (proc(5)).
private func residentBytes() -> Int? {
    guard let text = try? readTextFile("/proc/self/statm"),
        let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return pages * sysconf(Int32(_SC_PAGESIZE))
}
