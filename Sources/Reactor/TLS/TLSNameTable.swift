/// Which identity bears which name: exact names first, then wildcards of one label.
struct TLSNameTable: Hashable, Sendable {
    private var exact: [String: Int] = [:]
    /// By what follows the star: `.example.org`.
    private var wildcards: [String: Int] = [:]

    /// The first identity that claims a name keeps it.
    mutating func add(_ name: String, identity: Int) throws(TLSError) {
        let name = Self.normal(name)
        if name.hasPrefix("*.") {
            let suffix = String(name.dropFirst())
            guard suffix.dropFirst().contains("."), !suffix.contains("*") else {
                throw TLSError(
                    "the name \"\(name)\" stands for too much", "write it as *.DOMAIN.TLD")
            }
            if wildcards[suffix] == nil { wildcards[suffix] = identity }
        } else {
            guard !name.isEmpty, !name.contains("*") else {
                throw TLSError(
                    "\"\(name)\" is no name of a server", "write a host name or *.DOMAIN.TLD")
            }
            if exact[name] == nil { exact[name] = identity }
        }
    }

    /// The identity that bears `name`; nil: nobody does.
    func identity(for name: String) -> Int? {
        let name = Self.normal(name)
        if let found = exact[name] { return found }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return nil }
        return wildcards[String(name[dot...])]
    }

    /// Lower case, without the dot that ends an absolute name.
    private static func normal(_ name: String) -> String {
        let lower = name.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }
}
