/// A mistake in the configuration, or a doubt about it: where it stands, what it is, what to do.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
    public enum Severity: Sendable {
        case error, warning
        /// Nothing is wrong and nothing is to do: only `check` tells it.
        case note
    }

    /// Where a value was written.
    public enum Place: Sendable, Hashable {
        /// A line of the configuration file, counted from 1.
        case line(file: String, Int)
        /// A flag of the command line, with its dashes.
        case flag(String)
        /// Nobody wrote it: it is the default.
        case standard
    }

    public var severity: Severity
    public var place: Place
    /// What happened; lower case, no full stop.
    public var problem: String
    /// What to do about it.
    public var remedy: String

    public init(_ severity: Severity, at place: Place, _ problem: String, _ remedy: String) {
        self.severity = severity
        self.place = place
        self.problem = problem
        self.remedy = remedy
    }

    /// One line: `mapedge.yaml:14: no origin is named "maps2"; name one of maps, pages`.
    public var description: String {
        // A flag's own name often begins the sentence already.
        if case .flag(let name) = place, severity == .error, problem.hasPrefix("\(name) ") {
            return text
        }
        let kind =
            switch severity {
            case .error: ""
            case .warning: "warning: "
            case .note: "note: "
            }
        return "\(place)\(kind)\(text)"
    }

    /// What happened and what to do, without the place.
    public var text: String { "\(problem); \(remedy)" }
}

extension Finding.Place: CustomStringConvertible {
    /// With the colon and the space that come before the message; nothing for a default.
    public var description: String {
        switch self {
        case .line(let file, let number): "\(file):\(number): "
        case .flag(let name): "\(name): "
        case .standard: ""
        }
    }
}

/// Collects what is found, and remembers where each value was written.
///
/// A reading goes on after a mistake, so that all of them are told at once.
final class Findings {
    private(set) var all: [Finding] = []
    /// Where each value came from, by its full name (`limits.idleTimeout`).
    private(set) var places: [String: Finding.Place] = [:]
    /// Every key that the reader understands, by its full name, `*` standing for names of the
    /// operator's choice; what the shipped file must document.
    private(set) var keys: Set<String> = []
    /// Those of them that the file has, with or without a value.
    private(set) var written: Set<String> = []

    /// File by file, each in the order of its lines, then what no line is to blame for.
    var sorted: [Finding] {
        var files: [String: Int] = [:]
        let order = all.map { finding -> (file: Int, line: Int) in
            guard case .line(let file, let number) = finding.place else { return (.max, .max) }
            let rank = files[file] ?? files.count
            files[file] = rank
            return (rank, number)
        }
        return all.indices.sorted {
            (order[$0].file, order[$0].line, $0) < (order[$1].file, order[$1].line, $1)
        }.map { all[$0] }
    }

    var hasErrors: Bool { all.contains { $0.severity == .error } }

    func error(at place: Finding.Place, _ problem: String, _ remedy: String) {
        all.append(Finding(.error, at: place, problem, remedy))
    }

    func warning(at place: Finding.Place, _ problem: String, _ remedy: String) {
        all.append(Finding(.warning, at: place, problem, remedy))
    }

    func note(at place: Finding.Place, _ problem: String, _ remedy: String) {
        all.append(Finding(.note, at: place, problem, remedy))
    }

    func remember(_ name: String, at place: Finding.Place) { places[name] = place }

    func understands(_ key: String, isWritten: Bool) {
        keys.insert(key)
        if isWritten { written.insert(key) }
    }

    /// Whether somebody wrote the value.
    func isGiven(_ name: String) -> Bool { places[name] != nil }

    /// Where the value was written, else the nearest section around it, else nowhere.
    func place(of name: String) -> Finding.Place { nearestPlace(of: name, in: places) }
}

/// Where a value was written, else the nearest section around it, else nowhere.
func nearestPlace(of name: String, in places: [String: Finding.Place]) -> Finding.Place {
    var name = name[...]
    while !name.isEmpty {
        if let place = places[String(name)] { return place }
        guard let dot = name.lastIndex(of: ".") else { break }
        name = name[..<dot]
    }
    return .standard
}
