import Glibc

/// The signals that end the demo, taken one at a time instead of interrupting it.
struct DemoSignals {
    enum Event {
        case end
        case nothing
    }

    private let ending = [SIGINT, SIGTERM, SIGHUP]
    private let set: sigset_t

    init() {
        var set = sigset_t()
        sigemptyset(&set)
        // A child's end only cuts a wait short.
        for signal in ending + [SIGCHLD] { sigaddset(&set, signal) }
        self.set = set
    }

    /// From here on the signals wait to be taken by `wait`; a reaper that is gone is no reason
    /// to end either.
    func hold() {
        var set = set
        sigprocmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the next signal, or for the time given.
    func wait(milliseconds: Int) -> Event {
        var set = set
        var time = timespec(
            tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        return ending.contains(sigtimedwait(&set, nil, &time)) ? .end : .nothing
    }
}
