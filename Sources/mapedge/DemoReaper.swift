import Glibc

/// Ends the demo's process groups and removes its directory, however the demo itself ends.
///
/// It is a shell script that reads the groups from a pipe; the kernel closes the pipe when the
/// demo is gone, killed or not, and that is the script's signal to begin.
final class DemoReaper {
    private let pipeEnd: Int32
    private let process: DemoProcess
    private var groups: Set<pid_t> = []

    init(tools: DemoTools, directory: String) throws(DemoError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw DemoError(
                problem: "no pipe could be made (\(lastSystemError()))",
                remedy: "raise the limit of open files (ulimit -n)")
        }
        defer { close(ends[0]) }
        pipeEnd = ends[1]
        // No child may hold this end, or the pipe would outlive the demo.
        _ = fcntl(pipeEnd, F_SETFD, FD_CLOEXEC)
        process = try DemoProcess(
            [tools.recipe("reaper.sh"), directory], output: .inherited, input: ends[0])
    }

    /// Has a group ended with the others.
    func add(group: pid_t) {
        groups.insert(group)
        tell()
    }

    /// Forgets a group that is gone: its number may be another's tomorrow.
    func remove(group: pid_t) {
        groups.remove(group)
        tell()
    }

    /// Each line replaces the one before.
    private func tell() {
        let line = Array((groups.map { "\($0)" }.joined(separator: " ") + "\n").utf8)
        // Far below PIPE_BUF: written whole, or the reaper is gone and there is no one to tell.
        _ = line.withUnsafeBytes { write(pipeEnd, $0.baseAddress, $0.count) }
    }

    /// Has everything ended; returns when it is. Takes two seconds at most.
    func finish() {
        close(pipeEnd)
        // The groups are this process's children: unless they are waited for here, the reaper
        // takes them for alive.
        var status: Int32 = 0
        while waitpid(-1, &status, 0) > 0 {}
    }
}
