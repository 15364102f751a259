import Edge
import Glibc
import Reactor

extension ConfigurationReading {
    /// What would keep the edge from starting on this machine. Warnings, since whoever checks a
    /// file for another machine knows better.
    ///
    /// Nothing stays: a directory of the cache that is not there is made and removed again, and
    /// each address is listened on for a moment, on a port of the kernel's choice.
    public var machineFindings: [Finding] {
        let settings = configuration.settings
        var check = MachineCheck(places: places)
        for listener in settings.listeners { check.address(listener.endpoint, "listen") }
        for endpoint in configuration.admin { check.address(endpoint, "admin") }
        if let path = settings.accessLog?.path { check.logFile(path) }
        if let archive = settings.accessLog?.archive {
            check.writable(archive.directory, "accessLog.directory")
        }
        if let path = settings.cache.directory { check.cache(path) }
        return check.findings
    }
}

private struct MachineCheck {
    let places: [String: Finding.Place]
    private(set) var findings: [Finding] = []

    init(places: [String: Finding.Place]) { self.places = places }

    private mutating func warn(_ key: String, _ problem: String, _ remedy: String) {
        let finding = Finding(
            .warning, at: places[key] ?? .standard, "on this machine \(key) \(problem)", remedy)
        // Of several addresses the same may be said.
        if !findings.contains(finding) { findings.append(finding) }
    }

    mutating func address(_ endpoint: Endpoint, _ key: String) {
        switch endpoint {
        case .unix(let path): writable(parent(of: path), key)
        case .ip(let address):
            do throws(SystemError) {
                let free = Endpoint.ip(address.with(port: 0))
                close(try listen(on: free, backlog: 1, reusePort: false))
            } catch {
                warn(
                    key, "has \(endpoint), which cannot be had: \(error.reason)",
                    "give an address of the machine that will serve")
            }
        }
    }

    mutating func logFile(_ path: String) {
        let key = "accessLog.path"
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return writable(parent(of: path), key) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: warn(key, "is a directory, \"\(printable(path))\"", "name a file in it")
        case S_IFLNK:
            warn(
                key, "is a symbolic link, \"\(printable(path))\"", "name the file itself")
        case _ where unsafe access(path, W_OK) != 0:
            warn(
                key, "is \"\(printable(path))\", which this user may not write to",
                "change its owner or mode, or name another file")
        default: break
        }
    }

    mutating func writable(_ directory: String, _ key: String) {
        if !isDirectory(directory) {
            warn(
                key, "needs the directory \"\(printable(directory))\", which is not there",
                "make it where the edge will run")
        } else if unsafe access(directory, W_OK | X_OK) != 0 {
            warn(
                key,
                "needs the directory \"\(printable(directory))\", which this user may not write to",
                "change its owner or mode, or choose another")
        }
    }

    /// The edge makes the directory and those above it.
    mutating func cache(_ path: String) {
        let key = "cache.directory"
        var status = stat()
        var ends = path.indices.dropFirst().filter { path[$0] == "/" }
        ends.append(path.endIndex)
        let missing = ends.map { String(path[..<$0]) }.first { unsafe stat($0, &status) != 0 }
        guard let missing else {
            if isDirectory(path) { return writable(path, key) }
            return warn(key, "is no directory, \"\(printable(path))\"", "name one")
        }
        if unsafe mkdir(missing, 0o700) == 0 {
            unsafe rmdir(missing)
        } else if errno != EEXIST {
            warn(
                key, "needs \"\(printable(missing))\", which cannot be made: \(errorText(errno))",
                "choose a directory that this user may make where the edge will run")
        }
    }

    private func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func errorText(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
