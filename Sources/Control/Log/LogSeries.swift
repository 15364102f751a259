import CloudFront
import Glibc

/// The hourly files of a standard log in a directory: which of them are followed.
struct LogSeries {
    /// A file that is to be followed from its beginning.
    struct File {
        let path: String
        let log: String
        /// As its name has it, so that later ones are greater.
        let hour: String
    }

    private let directory: String
    /// What the names of one log have before the hour; nil: any log's.
    private let log: String?
    /// Names that were told already, or are not to be.
    private var seen: Set<String> = []

    /// All logs in a directory, from the newest hour on.
    init(in directory: String) {
        (self.directory, log) = (directory, nil)
        let newest = files.map(\.hour).max()
        for file in files where file.hour != newest { seen.insert(file.path) }
    }

    /// A file, and what comes behind it; nil: its name is none of a standard log.
    init?(from path: String) {
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let own = LogFileName.parts(of: String(path[start...])) else { return nil }
        (directory, log) = (String(path[..<start]), own.log)
        for file in files where file.hour <= own.hour && file.path != path {
            seen.insert(file.path)
        }
    }

    /// What a path names: itself, or all files of standard logs in that directory, in the order of
    /// their hours.
    static func files(at path: String) throws(CommandMistake) -> [String] {
        guard path != "-", isDirectory(path) else { return [path] }
        var series = LogSeries(in: path)
        series.seen = []
        let files = series.next().map(\.path)
        guard !files.isEmpty else {
            throw CommandMistake(
                "there is no file of a standard log in \(path); name the log files, or the "
                    + "directory that they are in")
        }
        return files
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Files that are new since, in the order of their hours.
    mutating func next() -> [File] {
        let new = files.filter { !seen.contains($0.path) }
        for file in new { seen.insert(file.path) }
        return new.sorted { ($0.hour, $0.path) < ($1.hour, $1.path) }
    }

    private var files: [File] {
        let place = directory.isEmpty || directory.hasSuffix("/") ? directory : directory + "/"
        let names = (try? fileNames(in: directory.isEmpty ? "." : directory)) ?? []
        return names.compactMap { name in
            guard let parts = LogFileName.parts(of: name), log == nil || log == parts.log else {
                return nil
            }
            return File(path: place + name, log: parts.log, hour: parts.hour)
        }
    }
}
