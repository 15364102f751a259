import Glibc

/// Why the demo could not start or go on, and what to do about it.
struct DemoError: Error, CustomStringConvertible {
    var problem: String
    var remedy: String

    /// One line: `what happened; what to do`.
    var description: String { "demo: \(problem); \(remedy)" }
}

/// The text of the system call's error that was noted last.
func lastSystemError() -> String { systemErrorText(errno) }

func systemErrorText(_ code: Int32) -> String { String(cString: strerror(code)) }
