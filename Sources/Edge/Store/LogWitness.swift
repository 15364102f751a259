import Glibc
import LMDB

/// How many appends the log of invalidations has, in a small file beside it, `newest`.
///
/// LMDB begins with one of two pages, the one that bears the higher number, and each names a state
/// that is whole: a bit that flips in the newer one brings back the log from before the last
/// append, and one in what it names perhaps a much older one. Neither can be told by the log alone.
///
/// Written behind the append and before the acknowledgement. So the log is never behind it unless
/// it has lost something; it may be further on, after a crash in between. Where this file is
/// missing or damaged nothing is known, and the log is believed.
struct LogWitness {
    let path: String
    private let events: @Sendable (StoreEvent) -> Void
    /// The operator knows that it cannot be written.
    private var isTold = false

    private static let key = Key(0)

    init(directory: String, _ events: @escaping @Sendable (StoreEvent) -> Void) {
        path = directory + "/newest"
        self.events = events
    }

    /// The appends that were acknowledged; 0: nothing is known.
    func read() -> UInt64 {
        let content = StoreDirectory.read(path).flatMap { bytes in
            unsafe bytes.withUnsafeBytes {
                unsafe InvalidationRecord.content(.newest, Self.key, $0)
            }
        }
        return content.map { InvalidationRecord.number($0) } ?? 0
    }

    /// Writes, and waits for the disk. What fails here takes nothing from what was appended.
    mutating func write(_ appends: UInt64) {
        let record = InvalidationRecord.sealed(
            .newest, Self.key, InvalidationRecord.littleEndian(appends))
        // In place: twelve bytes are in one sector, so that there are the old ones or the new ones.
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_DSYNC | O_NONBLOCK | O_CLOEXEC, 0o600)
        let isWritten = unsafe file >= 0 && pwrite(file, record, record.count, 0) == record.count
        let error = StoreError.last("write", path)
        if file >= 0 { close(file) }
        if !isWritten, !isTold {
            events(
                StoreEvent(
                    .warning,
                    "invalidations are kept, but a log of them that loses its last ones would not "
                        + "be found out: \(error)"))
        }
        isTold = !isWritten
    }
}
