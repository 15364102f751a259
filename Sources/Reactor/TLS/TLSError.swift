import COpenSSL
import Glibc

/// Certificates, keys or settings that cannot be used: which, why, and what to do.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// With the file's name, such as `certificate "a.pem" holds no certificate in PEM form`.
    public let problem: String
    public let remedy: String

    public var description: String { "\(problem); \(remedy)" }

    init(_ problem: String, _ remedy: String) {
        self.problem = problem
        self.remedy = remedy
    }
}

/// OpenSSL's queue of what went wrong in this thread.
enum OpenSSLErrors {
    static func clear() { ERR_clear_error() }

    /// The first entry, which is the cause, with its library's words; empties the queue.
    static func take() -> (reason: String, library: Int32, number: Int32)? {
        let code = ERR_get_error()
        guard code != 0 else { return nil }
        ERR_clear_error()
        let isSystem = COpenSSL_is_system_error(code) != 0
        let number = COpenSSL_error_reason(code)
        let words =
            isSystem
            ? unsafe strerror(number)
            : unsafe ERR_reason_error_string(code).map { unsafe UnsafeMutablePointer(mutating: $0) }
        let reason = unsafe words.map { unsafe String(cString: $0) } ?? "error \(code)"
        return (reason, COpenSSL_error_library(code), number)
    }

    static func reason() -> String { take()?.reason ?? "for a reason OpenSSL does not tell" }
}
