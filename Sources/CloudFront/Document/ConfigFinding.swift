/// One thing to know about a document: where it stands, what it is, and what to do about it.
public struct ConfigFinding: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// CloudFront would refuse the document, or it cannot be followed.
        case error
        /// Valid, and known to surprise.
        case warning
        /// Valid for CloudFront, and without effect here.
        case notEmulated
        /// Followed by something else than the document, or of no effect on what is answered: for
        /// who asks what became of each member, and for nobody else.
        case note
    }

    public var kind: Kind
    /// What the control API answers on an error; meaningless for the other kinds.
    public var code: APIError.Code
    /// From 1; 0 where the document has no lines.
    public var line: Int
    public var column: Int
    /// Such as `CacheBehaviors.Items[2].PathPattern`, counted from 0; empty for the whole document.
    public var path: String
    /// What is wrong: lower case, no full stop.
    public var problem: String
    /// What to do, likewise.
    public var remedy: String

    /// - Parameter code: nil: that of the member, where the API has one for it.
    public init(
        _ kind: Kind, _ place: ConfigPlace, _ problem: String, _ remedy: String,
        code: APIError.Code? = nil
    ) {
        self.kind = kind
        self.code = code ?? APIError.Code(wrongAt: place.path)
        line = place.line
        column = place.column
        path = place.path
        self.problem = problem
        self.remedy = remedy
    }

    /// `path: problem; remedy`, for a line that begins with file and line number.
    public var message: String {
        let text = "\(problem); \(remedy)"
        return path.isEmpty ? text : "\(path): \(text)"
    }
}

/// A place in a document.
public struct ConfigPlace: Sendable, Equatable {
    public var line: Int
    public var column: Int
    public var path: String

    public init(_ path: String, line: Int = 0, column: Int = 0) {
        self.path = path
        self.line = line
        self.column = column
    }

    init(_ node: ConfigNode, _ path: String) {
        self.init(path, line: node.line, column: node.column)
    }

    /// The member `key` of what stands here, at the same line.
    public func member(_ key: String) -> ConfigPlace {
        var place = self
        place.path = path.isEmpty ? key : "\(path).\(key)"
        return place
    }
}

/// What reading a document gave: all findings at once, and the value unless one is an error.
public struct ConfigReading<Value: Sendable>: Sendable {
    public var value: Value?
    public var findings: [ConfigFinding]

    public init(value: Value?, findings: [ConfigFinding]) {
        self.findings = findings
        self.value = findings.contains { $0.kind == .error } ? nil : value
    }

    public var errors: [ConfigFinding] { findings.filter { $0.kind == .error } }
}

/// Where the findings of one reading gather.
final class FindingLog {
    private var gathered: [ConfigFinding] = []

    /// In the order of the document; those of one place in the order in which they were found.
    var findings: [ConfigFinding] {
        gathered.enumerated().sorted { left, right in
            (left.element.line, left.element.column, left.offset)
                < (right.element.line, right.element.column, right.offset)
        }.map { $0.element }
    }

    func add(_ findings: [ConfigFinding]) { gathered += findings }

    func error(
        _ place: ConfigPlace, _ problem: String, _ remedy: String, code: APIError.Code? = nil
    ) {
        gathered.append(ConfigFinding(.error, place, problem, remedy, code: code))
    }

    func warning(_ place: ConfigPlace, _ problem: String, _ remedy: String) {
        gathered.append(ConfigFinding(.warning, place, problem, remedy))
    }

    func notEmulated(_ place: ConfigPlace, _ problem: String, _ remedy: String) {
        gathered.append(ConfigFinding(.notEmulated, place, problem, remedy))
    }

    func note(_ place: ConfigPlace, _ problem: String, _ remedy: String) {
        gathered.append(ConfigFinding(.note, place, problem, remedy))
    }
}
