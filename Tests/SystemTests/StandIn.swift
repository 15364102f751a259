import WireTesting

/// A program under `Tests/StandIns`, on a port of its own.
final class StandIn: Sendable {
    let child: Child
    let port: UInt16

    /// - Parameter python: the interpreter; that of PyPI's packages is `packagedPython`.
    init(_ name: String, _ words: [String], python: String = "/usr/bin/python3") throws {
        let directory = try TemporaryDirectory()
        let output = directory.file("output")
        let program = "\(projectRoot)/Tests/StandIns/\(name)"
        child = try Child(python, [program] + words, output: output)
        let child = child
        let line = try eventually { () -> Substring? in
            guard child.isRunning else { throw WireError("\(name): \(child.wholeLog)") }
            return try readFile(output).split(separator: "\n", maxSplits: 1).first
        }
        guard let digits = line?.split(separator: " ").last, let port = UInt16(digits) else {
            throw WireError("\(name) names no port: \(child.log)")
        }
        self.port = port
    }
}

/// The Python that has what `conf/python-packages.txt` names; nil where it was not installed.
let packagedPython = firstExecutable("\(projectRoot)/.build/python/bin/python3")

/// A file out of one of its packages.
func packagedFile(_ name: String) -> String {
    // Python's own version is in the path.
    let places = (10..<40).map { "\(projectRoot)/.build/python/lib/python3.\($0)/site-packages" }
    return (places.first(where: isExecutable) ?? places[0]) + "/" + name
}

let projectRoot = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
