import Glibc
import Yams

/// A YAML value with YAML 1.1's own types, so that an empty `key:` is null and not a text.
indirect enum AboutValue: Hashable {
    case null
    case boolean(Bool)
    case text(String)
    case list([AboutValue])
    case map([String: AboutValue])

    init(yaml: String) throws {
        self = Self(try Yams.compose(yaml: yaml))
    }

    /// The record in the project's root, read through the link that 18F's tools look for.
    static func ofTheProject() throws -> AboutValue {
        try AboutValue(yaml: projectFile(".about.yml"))
    }

    private init(_ node: Node?) {
        switch node {
        case .mapping(let pairs)?:
            let values = pairs.map { ($0.key.string ?? "", AboutValue($0.value)) }
            self = .map(Dictionary(values) { _, last in last })
        case .sequence(let nodes)?:
            self = .list(nodes.map { AboutValue($0) })
        case .scalar(let scalar)?:
            switch Node.scalar(scalar).tag {
            case Tag(.null): self = .null
            case Tag(.bool): self = .boolean(Node.scalar(scalar).bool ?? false)
            default: self = .text(scalar.string)
            }
        case .alias?, nil:
            self = .null
        }
    }

    /// A map's value, or nil; setting nil removes the key.
    subscript(key: String) -> AboutValue? {
        get {
            guard case .map(let values) = self else { return nil }
            return values[key]
        }
        set {
            guard case .map(var values) = self else { return }
            values[key] = newValue
            self = .map(values)
        }
    }

    /// A list's first value, or nil.
    var first: AboutValue? {
        get {
            guard case .list(let values) = self else { return nil }
            return values.first
        }
        set {
            guard case .list(var values) = self, let newValue, !values.isEmpty else { return }
            values[0] = newValue
            self = .list(values)
        }
    }
}

/// The text of a file, by its path in the project.
func projectFile(_ path: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let file = fopen("/\(root)/\(path)", "r") else { throw MissingFile(path: path) }
    defer { fclose(file) }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&piece, 1, piece.count, file)
        if count == 0 { break }
        content += piece[..<count]
    }
    return String(decoding: content, as: UTF8.self)
}

struct MissingFile: Error {
    var path: String
}
