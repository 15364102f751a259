import Control
import Glibc

/// Why a command ends, as lines for standard error, and its exit status.
struct Failure: Error {
    var lines: [String]
    var status: Int32

    /// Something went wrong at run time, if the edge did not find that the command line is.
    static func running(_ error: any Error) -> Failure {
        let isUsage = (error as? AdminClientError)?.isUsage == true
        return Failure(lines: ["mapedge: \(error)"], status: isUsage ? 2 : 1)
    }

    /// The command line or the configuration is wrong.
    static func configuration(_ findings: [Finding]) -> Failure {
        Failure(lines: findings.map(\.description), status: 2)
    }
}

/// Ends the process after standard output was written.
func endProcess(status: Int32) -> Never {
    fflush(nil)
    exit(status)
}
