import CloudFront
import Yams

extension ConfigNode {
    /// What a JSON or YAML document says, each node with its line and column.
    init(_ node: Node) {
        let (line, column) = (node.mark?.line ?? 0, node.mark?.column ?? 0)
        switch node {
        case .scalar(let scalar):
            let isNull =
                scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            self.init(isNull ? .null : .scalar(scalar.string), line: line, column: column)
        case .sequence(let sequence):
            self.init(.list(sequence.map { ConfigNode($0) }), line: line, column: column)
        case .mapping(let mapping):
            let members = mapping.map { Member($0.key.string ?? "", ConfigNode($0.value)) }
            self.init(.map(members), line: line, column: column)
        // Yams resolves anchors while it composes.
        case .alias: self.init(.null, line: line, column: column)
        }
    }
}

/// Reads a document of CloudFront's; nil after a mistake was noted.
func readDocument(_ path: String, _ findings: Findings) -> ConfigNode? {
    do throws(Complaint) {
        return readDocument(try readTextFile(path), named: path, findings)
    } catch {
        findings.error(at: .line(file: path, 1), "the file \(error.problem)", error.remedy)
        return nil
    }
}

/// The same of a file that somebody named: that it cannot be read is told there.
func readDocument(_ file: Given, _ findings: Findings) -> ConfigNode? {
    do throws(Complaint) {
        return readDocument(try readTextFile(file.text), named: file.text, findings)
    } catch {
        findings.error(
            at: file.place,
            "\(file.name) names \"\(printable(file.text))\", which \(error.problem)",
            error.remedy)
        return nil
    }
}

private func readDocument(
    _ text: String, named path: String, _ findings: Findings
) -> ConfigNode? {
    let before = findings.all.count
    guard let node = composeDocument(text, named: path, findings) else {
        if findings.all.count == before {
            findings.error(
                at: .line(file: path, 1), "the file holds nothing",
                "write it anew: a command that failed leaves an empty file behind")
        }
        return nil
    }
    return ConfigNode(node)
}
