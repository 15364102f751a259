import Glibc

/// One child process, the head of a process group of its own.
///
/// The group keeps a terminal's Ctrl-C away from it, so that `DemoReaper` alone decides when the
/// demo's parts end, and names its own children too.
final class DemoProcess {
    /// Where standard output and standard error go. Standard input is always empty.
    enum Output {
        case inherited
        case file(String)
    }

    /// The process, and the group that it leads.
    let id: pid_t
    private var knownStatus: Int32?

    /// Starts `command`, whose first word is a path.
    ///
    /// - Parameter input: a descriptor to be the child's standard input, instead of nothing.
    init(_ command: [String], output: Output, input: Int32? = nil) throws(DemoError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        if case .file(let path) = output {
            let flags = O_WRONLY | O_CREAT | O_APPEND
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path, flags, 0o600)
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The demo holds its signals back (see `DemoSignals`); its children must not inherit that.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, command[0], &actions, &attributes, arguments, environ)
        guard failure == 0 else {
            throw DemoError(
                problem: "\"\(command[0])\" cannot be started (\(systemErrorText(failure)))",
                remedy: "run conf/install-packages.sh")
        }
        id = child
    }

    /// nil while the process runs; then its exit status, or 128 and the signal that ended it.
    func exitStatus() -> Int32? {
        if let knownStatus { return knownStatus }
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        let signal = status & 0x7f
        knownStatus = signal == 0 ? (status >> 8) & 0xff : 128 + signal
        return knownStatus
    }

    /// Ends what is left of the group, without asking.
    func endGroup() {
        kill(-id, SIGKILL)
        var status: Int32 = 0
        if knownStatus == nil, waitpid(id, &status, 0) == id { knownStatus = 128 + SIGKILL }
    }
}
