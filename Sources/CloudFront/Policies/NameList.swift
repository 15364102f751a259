import Caching
import HTTP

/// A short list of names in one piece of memory, so that a look-up on the hit path allocates and
/// retains nothing.
public struct NameList: Sendable, Equatable {
    public enum Matching: Sendable {
        case exactly
        case ignoringCase
        /// `*` is any run of bytes, `?` one byte.
        case wildcards
    }

    /// All names, one behind the other; `range` says where each is.
    public private(set) var storage: [UInt8] = []
    /// Offsets behind each name.
    private var ends: [Int] = []
    /// What each is as a field's name.
    private var fields: [KnownField] = []
    public let matching: Matching

    public init(_ names: [String], matching: Matching) {
        self.matching = matching
        for name in names {
            storage.append(contentsOf: name.utf8)
            ends.append(storage.count)
            fields.append(unsafe KnownField.named(Array(name.utf8).span.bytes))
        }
    }

    public var count: Int { ends.count }
    public var isEmpty: Bool { ends.isEmpty }

    /// Linear in the names.
    public func contains(_ name: RawSpan) -> Bool {
        let all = unsafe storage.span.bytes
        var start = 0
        for end in ends {
            let candidate = all.extracting(start..<end)
            start = end
            let isMatch =
                switch matching {
                case .exactly: equalsExactly(candidate, name)
                case .ignoringCase: equalsIgnoringCase(candidate, name)
                case .wildcards: PathPattern.matchesWildcards(candidate, name)
                }
            if isMatch { return true }
        }
        return false
    }

    /// The bytes of the name at `index`, from 0.
    public func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// The name at `index` as a field's.
    func known(_ index: Int) -> KnownField { fields[index] }

    func contains(text: String) -> Bool {
        let name = Array(text.utf8)
        return contains(unsafe name.span.bytes)
    }

    public var texts: [String] {
        (0..<count).map { String(decoding: storage[range($0)], as: UTF8.self) }
    }

    /// The names that are not in `other`, as `other` compares.
    func removing(_ other: NameList) -> NameList {
        NameList(texts.filter { !other.contains(text: $0) }, matching: matching)
    }

    /// All names of both, each once, as this one compares.
    func united(with other: NameList) -> NameList {
        NameList(texts + other.texts.filter { !contains(text: $0) }, matching: matching)
    }
}
