import Glibc

/// A descriptor that lines are written to, and that other processes may share: standard output, a
/// pipe, a file.
///
/// It is waited for, but never for longer than asked, and its flags stay as they are: O_NONBLOCK
/// would be seen by whoever shares the open file.
public struct PatientOutput: Sendable {
    /// How a piece fared.
    public enum Step: Equatable, Sendable {
        /// So many of its bytes were taken, at least one.
        case wrote(Int)
        /// Nothing was: nobody reads.
        case full
        /// It takes nothing any more, with the error's code.
        case refused(Int32)
    }

    private enum Kind { case plain, socket, other }

    public let descriptor: Int32
    private let kind: Kind
    // A pipe that says it is writable has room for so many (pipe(7), PIPE_BUF).
    private static let pieceMax = 4_096

    /// - Parameter descriptor: open, and the caller's to close.
    public init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var status = stat()
        let result = unsafe fstat(descriptor, &status)
        switch status.st_mode & S_IFMT {
        case S_IFREG where result == 0: kind = .plain
        case S_IFSOCK where result == 0: kind = .socket
        default: kind = .other
        }
    }

    /// Writes what goes at once, or as soon as anything does.
    ///
    /// - Parameters:
    ///   - bytes: at least one.
    ///   - limit: milliseconds to wait; a plain file is not waited for.
    public func write(_ bytes: UnsafeRawBufferPointer, within limit: Int) -> Step {
        if kind != .plain, !isReady(within: limit) { return .full }
        while true {
            let count: Int
            switch kind {
            case .plain: count = unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            case .socket:
                let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
                count = unsafe send(descriptor, bytes.baseAddress, bytes.count, flags)
            case .other:
                let most = min(bytes.count, Self.pieceMax)
                count = unsafe Glibc.write(descriptor, bytes.baseAddress, most)
            }
            if count > 0 { return .wrote(count) }
            switch errno {
            case EINTR where count < 0: continue
            case EAGAIN where count < 0: return .full
            default: return .refused(count < 0 ? errno : EIO)
            }
        }
    }

    // An error counts as ready: the call tells which.
    private func isReady(within limit: Int) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&wanted, 1, Int32(clamping: limit)) > 0
    }
}
