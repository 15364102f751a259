import Glibc
import Reactor
import Yams

/// Longest file that is read, in bytes: a hundred times what a large configuration has.
private let fileBytesMax = 4 << 20

/// The text of a file.
///
/// - Throws: what is wrong, to be read after the path.
func readTextFile(_ path: String, bytesMax: Int = fileBytesMax) throws(Complaint) -> String {
    let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else {
        throw Complaint(
            unsafe "cannot be opened: \(String(cString: strerror(errno)))",
            "check the path and that this user may read it")
    }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe part.withUnsafeMutableBytes {
            unsafe Glibc.read(fd, $0.baseAddress, $0.count)
        }
        if count < 0 {
            if errno == EINTR { continue }
            throw Complaint(
                unsafe "cannot be read: \(String(cString: strerror(errno)))", "name a plain file")
        }
        if count == 0 { break }
        bytes += part[..<count]
        guard bytes.count <= bytesMax else {
            throw Complaint(
                "is larger than \(bytesText(UInt64(bytesMax)))", "name the file that is meant")
        }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw Complaint("is no UTF-8 text", "save it as UTF-8")
    }
    return text
}

/// When a file was last written, in milliseconds since 1970; nil: it cannot be told.
func fileTime(_ path: String) -> Int64? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    return Int64(facts.st_mtim.tv_sec) * 1_000 + Int64(facts.st_mtim.tv_nsec) / 1_000_000
}

/// What lies in a directory, sorted by name.
func fileNames(in directory: String) throws(SystemError) -> [String] {
    guard let stream = unsafe opendir(directory) else { throw lastError("opendir", directory) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                unsafe String(cString: $0)
            }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Whether a file is one of those, and none that an editor hides.
func isDocument(_ name: String, _ endings: [String]) -> Bool {
    !name.hasPrefix(".") && endings.contains { name.hasSuffix($0) }
}

/// The file's top section; nil when it holds nothing, or after a mistake was noted.
func parseConfigurationFile(
    _ text: String, named file: String, _ findings: Findings
) -> Section? {
    guard let node = composeDocument(text, named: file, findings) else { return nil }
    guard case .mapping(let mapping) = node else {
        if case .scalar(let scalar) = node, scalar.string.isEmpty { return nil }
        findings.error(
            at: .line(file: file, node.mark?.line ?? 1), "the file is no mapping",
            "write keys and values, such as \"mode: cloudfront\"")
        return nil
    }
    return Section(
        mapping, name: "", pattern: "", file: file, place: .line(file: file, 1),
        findings: findings)
}

/// A YAML or JSON document; nil when there is none, or after a mistake was noted. Of a key that is
/// given twice, which is one, the first value counts, so that the others are told too.
func composeDocument(_ text: String, named file: String, _ findings: Findings) -> Node? {
    var repeated = RepeatedKeys(text)
    while true {
        do {
            return try Yams.compose(yaml: repeated.text).map(repeated.removed(from:))
        } catch let error as YamlError {
            note(error, in: repeated.text, named: file, findings)
            guard case .duplicatedKeysInMapping(let keys, let context) = error,
                repeated.rename(keys, from: context.mark)
            else { return nil }
        } catch {
            findings.error(at: .line(file: file, 1), "\(error)", "correct the YAML there")
            return nil
        }
    }
}

/// All documents of a YAML stream; those behind a mistake that was noted are missing.
func composeDocuments(_ text: String, named file: String, _ findings: Findings) -> [Node] {
    do {
        var stream = try Yams.compose_all(yaml: text)
        var nodes: [Node] = []
        while let node = stream.next() { nodes.append(node) }
        if let error = stream.error { throw error }
        return nodes
    } catch let error as YamlError {
        note(error, in: text, named: file, findings)
    } catch {
        findings.error(at: .line(file: file, 1), "\(error)", "correct the YAML there")
    }
    return []
}

private func note(
    _ error: YamlError, in text: String, named file: String, _ findings: Findings
) {
    // JSON is read as the YAML that it is, which its author need not know.
    let isJSON = text.first { !$0.isWhitespace } == "{"
    let form = isJSON ? "JSON" : "YAML"
    switch error {
    case .scanner(let context, let problem, let mark, _),
        .parser(let context, let problem, let mark, _),
        .composer(let context, let problem, let mark, _):
        let around = context.map { " \($0.text)" } ?? ""
        findings.error(
            at: .line(file: file, mark.line), "this is no \(form): \(problem)\(around)",
            isJSON
                ? "look at column \(mark.column) for a comma, a quote or a bracket, or write the "
                    + "file anew if it was cut short"
                : "look at column \(mark.column): a colon, a quote, a bracket or the indentation")
    case .duplicatedKeysInMapping(let duplicates, let context):
        for key in duplicates.sorted() {
            findings.error(
                at: .line(
                    file: file,
                    secondPlace(of: key, in: text, from: context.mark)?.line ?? context.mark.line),
                "\"\(printable(key))\" is given twice", "keep one of them")
        }
    case .reader(let problem, _, _, _):
        findings.error(
            at: .line(file: file, 1), "this is no \(form): \(problem)",
            "save the file as UTF-8 text")
    default:
        findings.error(at: .line(file: file, 1), "this is no \(form): \(error)", "correct it")
    }
}
