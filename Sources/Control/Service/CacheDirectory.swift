import Glibc
import Reactor

/// The directory of the store: the operator's, or a new one that goes with the process.
///
/// A new one has a file that the process keeps locked. The kernel lets that lock go however the
/// process ends, so that of one that was killed the next edge finds and removes what it left.
struct CacheDirectory {
    let path: String
    /// The locked file; nil: the directory is the operator's.
    private let mark: Int32?

    private static let markName = "temporary"

    /// - Parameters:
    ///   - path: nil makes a directory for this user alone.
    ///   - parent: where; nil: `TMPDIR`. What killed processes of this user left there is removed.
    init(_ path: String?, in parent: String? = nil) throws(SystemError) {
        if let path {
            self.path = path
            mark = nil
            return
        }
        let parent = unsafe parent ?? getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        Self.removeAbandoned(in: parent)
        while true {
            let path = try Self.make(in: parent)
            guard let mark = try Self.claim(path) else { continue }
            (self.path, self.mark) = (path, mark)
            return
        }
    }

    private static func make(in parent: String) throws(SystemError) -> String {
        var template = Array("\(parent)/mapedge-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw SystemError(call: "mkdtemp", subject: parent, errno: errno)
        }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Marks a new directory as one that is in use; nil: another edge saw the mark before it was
    /// locked, and removes the directory, or has done so.
    private static func claim(_ path: String) throws(SystemError) -> Int32? {
        let name = "\(path)/\(markName)"
        let mark = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard mark >= 0 else { throw SystemError(call: "open", subject: name, errno: errno) }
        if try lock(mark, name) { return mark }
        close(mark)
        return nil
    }

    /// Locks a mark that was opened; false: another has locked it, or did and removed it.
    static func lock(_ mark: Int32, _ name: String) throws(SystemError) -> Bool {
        guard flock(mark, LOCK_EX | LOCK_NB) == 0 else {
            guard errno != EWOULDBLOCK else { return false }
            throw SystemError(call: "flock", subject: name, errno: errno)
        }
        var facts = stat()
        return unsafe fstat(mark, &facts) == 0 && facts.st_nlink > 0
    }

    /// Removes this user's directories whose processes are no more.
    static func removeAbandoned(in parent: String) {
        for name in names(in: parent) where name.hasPrefix("mapedge-") {
            let path = "\(parent)/\(name)"
            var facts = stat()
            guard unsafe lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR,
                facts.st_uid == geteuid()
            else { continue }
            // An operator's directory has no mark, nor has one that is being made.
            let mark = unsafe open("\(path)/\(markName)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard mark >= 0 else { continue }
            if (try? lock(mark, path)) == true { remove(path) }
            close(mark)
        }
    }

    /// Removes the new directory with the store in it; never the operator's.
    func removeIfTemporary() {
        guard let mark else { return }
        Self.remove(path)
        close(mark)
    }

    private static func remove(_ path: String) {
        // The store lies two levels deep: its own files, and a folder for each database. The mark
        // goes last, for should this process be killed meanwhile.
        for name in names(in: path) where name != markName {
            guard unsafe unlink("\(path)/\(name)") != 0 else { continue }
            for file in names(in: "\(path)/\(name)") { unsafe unlink("\(path)/\(name)/\(file)") }
            unsafe rmdir("\(path)/\(name)")
        }
        unsafe unlink("\(path)/\(markName)")
        unsafe rmdir(path)
    }

    private static func names(in folder: String) -> [String] { (try? fileNames(in: folder)) ?? [] }
}
