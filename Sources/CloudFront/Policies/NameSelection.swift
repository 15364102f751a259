/// Which query strings or cookies count, by their names, which are compared byte for byte.
public struct NameSelection: Sendable, Equatable {
    public enum Mode: String, Sendable, CaseIterable {
        case none
        case list = "whitelist"
        case allExcept
        case all
    }

    public var mode: Mode
    /// Of `list` and `allExcept`; else empty.
    public var names: NameList

    public init(_ mode: Mode, _ names: [String] = [], hasWildcards: Bool = false) {
        self.mode = mode
        self.names = NameList(names, matching: hasWildcards ? .wildcards : .exactly)
    }

    public static var none: NameSelection { NameSelection(.none) }
    public static var all: NameSelection { NameSelection(.all) }

    /// Whether a parameter or cookie of that name is selected.
    public func selects(_ name: RawSpan) -> Bool {
        switch mode {
        case .none: false
        case .all: true
        case .list: names.contains(name)
        case .allExcept: !names.contains(name)
        }
    }

    /// What either selects: what is in the key is forwarded, and a policy for origin requests
    /// adds to that. The exception is CloudFront's: of two lists of exceptions both hold, so that
    /// what only the second names is in the key and not forwarded.
    ///
    /// Source: CloudFront, "Understand how origin request policies and cache policies work
    /// together".
    public func united(with other: NameSelection) -> NameSelection {
        switch (mode, other.mode) {
        case (.none, _), (_, .all): other
        case (_, .none), (.all, _): self
        case (.list, .list):
            NameSelection(.list, names.texts + other.names.removing(names).texts)
        case (.allExcept, .list): NameSelection(.allExcept, names.removing(other.names).texts)
        case (.list, .allExcept): NameSelection(.allExcept, other.names.removing(names).texts)
        case (.allExcept, .allExcept):
            NameSelection(.allExcept, names.texts + other.names.removing(names).texts)
        }
    }
}
