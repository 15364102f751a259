import Yams

/// A value as it was written, its name and where it stands.
struct Given {
    /// `limits.idleTimeout`, `--listen`.
    var name: String
    var text: String
    var place: Finding.Place
    /// It may be a secret, so that it is not repeated in a finding.
    var isSecret = false

    /// A default, as it would have been written.
    static func standard(_ name: String, _ text: String) -> Given {
        Given(name: name, text: text, place: .standard)
    }

    /// The value, or nil after the mistake was noted.
    func read<Value>(_ form: ValueForm<Value>, _ findings: Findings) -> Value? {
        do throws(Complaint) {
            return try form.parse(text)
        } catch {
            let problem =
                isSecret
                ? error.problem : "is \"\(printable(withoutUser(text)))\", which \(error.problem)"
            findings.error(at: place, "\(name) \(problem)", error.remedy)
            return nil
        }
    }
}

/// A URL without the user and password that it may hold.
private func withoutUser(_ text: String) -> String {
    guard let scheme = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"),
        scheme.upperBound <= at
    else { return text }
    return text[..<scheme.upperBound] + "..." + text[at...]
}

/// Control characters and quotes escaped, so that a message stays one line.
func printable(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
        scalar.value < 32 || scalar.value == 127 || scalar == "\"" || scalar == "\\"
            ? scalar.escaped(asASCII: true) : String(scalar)
    }.joined()
}

/// One mapping of the file, read key by key; what was not asked for is unknown.
///
/// A key whose value is empty, `~` or `null` counts as absent: the default stays.
struct Section {
    /// Full name with a dot at its end; empty for the file itself.
    let name: String
    /// The same with `*` for names of the operator's choice.
    let pattern: String
    let file: String
    let place: Finding.Place
    let findings: Findings
    private let mapping: Node.Mapping
    private var known: [String] = []

    init(
        _ mapping: Node.Mapping, name: String, pattern: String, file: String,
        place: Finding.Place, findings: Findings
    ) {
        self.mapping = mapping
        self.name = name
        self.pattern = pattern
        self.file = file
        self.place = place
        self.findings = findings
    }

    /// Reads a scalar into `target`, which keeps its value when the key is absent or wrong.
    mutating func read<Value>(_ key: String, _ target: inout Value, _ form: ValueForm<Value>) {
        if let value = given(key)?.read(form, findings) { target = value }
    }

    /// Reads a scalar for which nil is the default.
    mutating func read<Value>(_ key: String, _ target: inout Value?, _ form: ValueForm<Value>) {
        if let value = given(key)?.read(form, findings) { target = value }
    }

    /// The scalar as it was written; nil if absent, or after a mistake was noted.
    mutating func given(_ key: String) -> Given? {
        guard let node = node(key) else { return nil }
        return scalar(node, named: name + key, wanted: "one value")
    }

    /// A sequence of scalars; a single scalar counts as a sequence of one.
    mutating func list(_ key: String) -> [Given]? {
        guard let node = node(key) else { return nil }
        return nodes(of: node, key).compactMap {
            scalar($0.node, named: $0.name, wanted: "one value")
        }
    }

    /// An element of a sequence that is either a scalar or a section of its own.
    enum Element {
        case value(Given)
        case section(Section)
    }

    /// A sequence whose elements are scalars or sections.
    mutating func elements(_ key: String) -> [Element]? {
        node(key).map { elements(of: $0, key) }
    }

    private func elements(of node: Node, _ key: String) -> [Element] {
        nodes(of: node, key).compactMap { name, node in
            if case .mapping(let mapping) = node {
                return .section(
                    subsection(mapping, name + ".", "\(pattern)\(key).*.", at: place(of: node)))
            }
            return scalar(node, named: name, wanted: "a value or a mapping").map(Element.value)
        }
    }

    /// A section below this one; nil if absent, or after a mistake was noted.
    mutating func section(_ key: String) -> Section? {
        guard let node = node(key) else { return nil }
        guard case .mapping(let mapping) = node else {
            findings.error(
                at: place(of: node), "\(name)\(key) is no mapping",
                "write its keys below it, one on each line, indented")
            return nil
        }
        return subsection(mapping, "\(name)\(key).", "\(pattern)\(key).", at: place(ofKey: key))
    }

    /// All keys are the operator's own names: each with its section, in the order of the file.
    mutating func namedSections() -> [(name: String, section: Section)] {
        mapping.compactMap { key, node in
            guard let word = ownName(key) else { return nil }
            guard case .mapping(let mapping) = node else {
                findings.error(
                    at: place(of: node), "\(name)\(printable(word)) is no mapping",
                    "write its keys below it, one on each line, indented")
                return nil
            }
            let shown = "\(name)\(printable(word))"
            findings.remember(shown, at: place(of: key))
            return (word, subsection(mapping, "\(shown).", "\(pattern)*.", at: place(of: key)))
        }
    }

    /// All keys are the operator's own names: each with its scalar, in the order of the file.
    mutating func namedValues() -> [(name: String, value: Given)] {
        mapping.compactMap { key, node in
            guard let word = ownName(key) else { return nil }
            return scalar(node, named: "\(name)\(printable(word))", wanted: "one value")
                .map { (word, $0) }
        }
    }

    /// One key of a section with all that stands under it.
    struct Entry {
        var name: String
        var place: Finding.Place
        /// A single value or mapping counts as a list of one.
        var elements: [Element]
    }

    /// All keys in the order of the file; none of them is unknown then.
    mutating func entries() -> [Entry] {
        mapping.compactMap { key, value in
            guard let word = ownName(key) else { return nil }
            let place = place(of: key)
            findings.remember(name + printable(word), at: place)
            return Entry(name: word, place: place, elements: elements(of: value, printable(word)))
        }
    }

    /// What stands under the key as the parser left it; nil if absent.
    mutating func raw(_ key: String) -> Node? { node(key) }

    /// Whether the key was written, with whatever value.
    func has(_ key: String) -> Bool { mapping.contains { $0.key.scalar?.string == key } }

    /// Whether the key has a value, of whatever kind; it counts as read.
    mutating func gives(_ key: String) -> Bool { node(key) != nil }

    /// Notes every key that nobody asked for. To be called once, after the last read.
    func finish() {
        for (key, _) in mapping {
            let word = key.scalar?.string ?? "?"
            guard !known.contains(word) else { continue }
            let whole = name.isEmpty ? "the configuration" : String(name.dropLast())
            findings.error(
                at: place(of: key), "\"\(printable(word))\" is no key of \(whole)",
                remedy(for: word, among: known))
        }
    }

    // The key's value, unless it is absent or null.
    private mutating func node(_ key: String) -> Node? {
        known.append(key)
        findings.understands(pattern + key, isWritten: has(key))
        guard let entry = mapping.first(where: { $0.key.scalar?.string == key }) else { return nil }
        findings.remember(name + key, at: place(of: entry.key))
        return isNull(entry.value) ? nil : entry.value
    }

    private func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else {
            return false
        }
        return ["", "~", "null"].contains(scalar.string)
    }

    private func nodes(of node: Node, _ key: String) -> [(name: String, node: Node)] {
        guard case .sequence(let sequence) = node else { return [(name + key, node)] }
        return sequence.enumerated().map { ("\(name)\(key)[\($0)]", $1) }
    }

    private func scalar(_ node: Node, named name: String, wanted: String) -> Given? {
        guard case .scalar(let scalar) = node else {
            findings.error(
                at: place(of: node), "\(name) is a \(kind(of: node))", "write \(wanted)")
            return nil
        }
        return Given(name: name, text: scalar.string, place: place(of: node))
    }

    private func kind(of node: Node) -> String {
        switch node {
        case .mapping: "mapping"
        case .sequence: "list"
        case .scalar: "value"
        case .alias: "reference"
        }
    }

    private func ownName(_ key: Node) -> String? {
        guard let word = key.scalar?.string, !word.isEmpty else {
            findings.error(at: place(of: key), "\(name)? has no name", "write one before the colon")
            return nil
        }
        return word
    }

    private func subsection(
        _ mapping: Node.Mapping, _ name: String, _ pattern: String, at place: Finding.Place
    ) -> Section {
        Section(
            mapping, name: name, pattern: pattern, file: file, place: place, findings: findings)
    }

    private func place(ofKey key: String) -> Finding.Place { findings.place(of: name + key) }

    private func place(of node: Node) -> Finding.Place {
        node.mark.map { .line(file: file, $0.line) } ?? place
    }
}
