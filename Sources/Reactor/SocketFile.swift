import Glibc

/// The file of a Unix socket that is listened on, told from another that took its path later.
///
/// While the socket is open no other file can have its number (inode(7)), so that ``remove()``
/// before closing it removes no other's.
public struct SocketFile: Sendable, Equatable {
    public let path: String
    private let device: UInt64
    private let number: UInt64

    /// - Parameter endpoint: as it was bound; nil for one that has no file, or none any more.
    public init?(of endpoint: Endpoint) {
        guard case .unix(let path) = endpoint, let place = Self.place(of: path) else { return nil }
        self.path = path
        (device, number) = place
    }

    /// Removes the file, unless it is another's by now.
    public func remove() {
        guard let place = Self.place(of: path), place == (device, number) else { return }
        unsafe unlink(path)
    }

    private static func place(of path: String) -> (UInt64, UInt64)? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            return nil
        }
        return (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}
