import Glibc
public import Simulation

/// The scenarios of some files, and all that is wrong with them.
public struct ScenarioReading: Sendable {
    public var scenarios: [Scenario]
    public var findings: [Finding]

    public var isUsable: Bool { findings.isEmpty }

    /// Reads every scenario of the files.
    ///
    /// - Parameter paths: files; directories, of which every `.yaml` and `.yml` is read, also
    ///   further below; patterns such as `cases/ttl-*.yaml`.
    public static func read(_ paths: [String]) -> ScenarioReading {
        var reading = ScenarioReading(scenarios: [], findings: [])
        for path in paths {
            let files = ScenarioFiles.find(path)
            if files.isEmpty {
                reading.findings.append(
                    Finding(
                        .error, at: .standard, "there is no scenario file at \"\(path)\"",
                        "name a YAML file, or a directory with some"))
            }
            for file in files { reading.add(file) }
        }
        return reading
    }

    /// Reads a text that is already in memory; `file` names it in findings.
    public static func read(text: String, named file: String) -> ScenarioReading {
        var reading = ScenarioReading(scenarios: [], findings: [])
        reading.add(text, named: file)
        return reading
    }

    private mutating func add(_ file: String) {
        do throws(Complaint) {
            add(try readTextFile(file), named: file)
        } catch {
            findings.append(
                Finding(
                    .error, at: .line(file: file, 1), "the file \(error.problem)", error.remedy))
        }
    }

    private mutating func add(_ text: String, named file: String) {
        let found = Findings()
        let nodes = composeDocuments(text, named: file, found)
        findings += found.sorted
        if nodes.isEmpty, !found.hasErrors {
            findings.append(
                Finding(
                    .error, at: .line(file: file, 1), "the file has no scenario",
                    "write \"name:\" and \"steps:\""))
        }
        for node in nodes {
            let reader = ScenarioReader(file: file)
            if let scenario = reader.read(node) { note(scenario) }
            findings += reader.findings.sorted
        }
    }

    /// Two of one name could not be told apart.
    private mutating func note(_ scenario: Scenario) {
        if let other = scenarios.first(where: { $0.name == scenario.name }) {
            findings.append(
                Finding(
                    .error, at: .line(file: scenario.place.file, scenario.place.line),
                    "the name \"\(scenario.name)\" is taken by \(other.place)",
                    "give it another one"))
        }
        scenarios.append(scenario)
    }
}

/// Files on disk.
private enum ScenarioFiles {
    static func find(_ path: String) -> [String] {
        if isDirectory(path) { return below(path) }
        if unsafe access(path, F_OK) == 0 { return [path] }
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(path, 0, nil, &found) == 0, let names = unsafe found.gl_pathv else {
            return []
        }
        return unsafe (0..<Int(found.gl_pathc)).compactMap {
            unsafe names[$0].map { unsafe String(cString: $0) }
        }
        .flatMap { isDirectory($0) ? below($0) : [$0] }
    }

    private static func below(_ directory: String) -> [String] {
        let names = (try? fileNames(in: directory)) ?? []
        let prefix = directory.hasSuffix("/") ? directory : "\(directory)/"
        return names.filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
            if isDirectory(prefix + name) { return below(prefix + name) }
            return isDocument(name, [".yaml", ".yml"]) ? [prefix + name] : []
        }
    }
}
