import Glibc
import Synchronization

/// A process that does not outlive the test run.
public final class Child: Sendable {
    public let pid: Int32
    /// What it wrote to its standard error, line by line.
    private let lines = Monitor<(all: [String], isOver: Bool)>(([], false))
    /// The wait status, once it has ended.
    private let exit = Monitor<Int32?>(nil)
    private let guardian: Guardian

    /// Starts a program with its standard error read here, and its output dropped unless a path
    /// is given for it.
    public init(_ program: String, _ arguments: [String], output: String = "/dev/null") throws {
        let pipe = try makePipe()
        defer { _ = close(pipe[1]) }
        pid = try spawn(program, arguments, input: -1, output: output, error: pipe[1])
        guardian = try Guardian(of: pid)
        let (pid, read, lines, exit) = (pid, pipe[0], lines, exit)
        background {
            readLines(read) { line in lines.with { $0.all.append(line) } }
            lines.with { $0.isOver = true }
        }
        background {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            exit.with { $0 = status }
        }
    }

    deinit {
        // In order first, as only so a process leaves its coverage behind.
        signal(SIGTERM)
        if waitForExit(within: 5000) == nil { kill9() }
        guardian.dismiss()
    }

    public var isRunning: Bool { exit.with { $0 == nil } }

    public func signal(_ number: Int32) {
        // Not once it was waited for: the number may be another's by then.
        exit.with { if $0 == nil { _ = kill(pid, number) } }
    }

    /// Kills it, as a power cut would, and waits until it is gone.
    public func kill9() {
        signal(SIGKILL)
        _ = waitForExit()
    }

    /// The exit code, or minus the signal that ended it; nil if it goes on.
    public func waitForExit(within milliseconds: Int = patience) -> Int? {
        guard let status = exit.wait(within: milliseconds, { $0 }) else { return nil }
        return status & 0x7F == 0 ? Int(status >> 8 & 0xFF) : -Int(status & 0x7F)
    }

    /// The first line that holds a text, from now or before; nil if it ends or waits without.
    public func line(with text: String, within milliseconds: Int = patience) -> String? {
        lines.wait(within: milliseconds) { state -> String?? in
            if let line = state.all.first(where: { $0.contains(text) }) { return .some(line) }
            return state.isOver ? .some(nil) : nil
        } ?? nil
    }

    /// What it wrote until now.
    public var log: [String] { lines.with { $0.all } }

    /// All that it wrote, once it and whoever shares its standard error have ended.
    public var wholeLog: String {
        (lines.wait { $0.isOver ? $0.all : nil } ?? log).joined(separator: "\n")
    }

    /// A number of `/proc/PID/status`, in KiB.
    public func memory(_ name: String) -> Int? {
        guard let text = try? readFile("/proc/\(pid)/status") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            return Int(line.drop { !$0.isNumber }.prefix { $0.isNumber })
        }
        return nil
    }
}

/// Kills a process when this one is gone, however it went: a shell that waits on a pipe from us.
private final class Guardian: Sendable {
    private let pid: pid_t
    private let pipe: Int32

    init(of target: pid_t) throws {
        let ends = try makePipe()
        pipe = ends[1]
        defer { _ = close(ends[0]) }
        pid = try spawn(
            "/bin/sh", ["-c", "read _ || kill -9 \(target)"], input: ends[0],
            output: "/dev/null", error: -1)
    }

    /// The target is gone; so nobody is to be killed.
    func dismiss() {
        _ = kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        _ = close(pipe)
    }
}

/// A pipe that no child inherits unasked. A pair of sockets, because those can be born so.
private func makePipe() throws -> [Int32] {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, streamType, 0, &ends) == 0 else {
        throw WireError.system("socketpair")
    }
    return ends
}

/// Runs a program that nobody has to watch and waits for its end.
func runToEnd(_ program: String, _ arguments: [String]) {
    guard let pid = try? spawn(program, arguments, input: -1, output: "/dev/null", error: -1) else {
        return
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
}

private func spawn(
    _ program: String, _ arguments: [String], input: Int32, output: String, error: Int32
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if input >= 0 {
        posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    if error >= 0 {
        posix_spawn_file_actions_adddup2(&actions, error, 2)
    } else {
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    }
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    // Threads of Dispatch block signals, and a child would go on blocking them.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let variables = childEnvironment()
    defer { for variable in variables { free(variable) } }
    var pid = pid_t()
    let status = spawning.withLock { _ in
        posix_spawnp(&pid, program, &actions, &attributes, words, variables)
    }
    guard status == 0 else {
        throw WireError("cannot start \(program): \(String(cString: strerror(status)))")
    }
    return pid
}

/// Ours, but that children of one program add their coverage to a few files they share: there are
/// hundreds of them, and each file is of megabytes. Each string is the caller's to free.
private func childEnvironment() -> [UnsafeMutablePointer<CChar>?] {
    let coverage = "LLVM_PROFILE_FILE="
    var variables: [UnsafeMutablePointer<CChar>?] = []
    var next = environ
    while let variable = next.pointee {
        next += 1
        var text = String(cString: variable)
        if text.hasPrefix(coverage), text.contains("/") {
            let directory = text.prefix(through: text.lastIndex(of: "/") ?? text.startIndex)
            text = directory + "children-%4m.profraw"
        }
        variables.append(strdup(text))
    }
    return variables + [nil]
}

private func readLines(_ descriptor: Int32, _ body: (String) -> Void) {
    defer { _ = close(descriptor) }
    var line: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        for byte in buffer[..<count] {
            if byte == 0x0A {
                body(String(decoding: line, as: UTF8.self))
                line = []
            } else {
                line.append(byte)
            }
        }
    }
    if !line.isEmpty { body(String(decoding: line, as: UTF8.self)) }
}
