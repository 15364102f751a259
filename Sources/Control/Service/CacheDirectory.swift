import Glibc
import Reactor

/// The directory of the store: the operator's, or a new one that goes with the process.
struct CacheDirectory {
    let path: String
    private let isTemporary: Bool

    /// - Parameter path: nil makes a directory under `TMPDIR`, for this user alone.
    init(_ path: String?) throws(SystemError) {
        if let path {
            self.path = path
            isTemporary = false
            return
        }
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/mapedge-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw SystemError(call: "mkdtemp", subject: parent, errno: errno)
        }
        self.path = String(
            decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        isTemporary = true
    }

    /// Removes the new directory with the store in it; never the operator's.
    func removeIfTemporary() {
        guard isTemporary else { return }
        // The store lies two levels deep: its own files, and a folder for each database.
        for name in names(in: path) where unsafe unlink("\(path)/\(name)") != 0 {
            for file in names(in: "\(path)/\(name)") { unsafe unlink("\(path)/\(name)/\(file)") }
            unsafe rmdir("\(path)/\(name)")
        }
        unsafe rmdir(path)
    }

    private func names(in folder: String) -> [String] { (try? fileNames(in: folder)) ?? [] }
}
