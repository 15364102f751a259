import Glibc
import Reactor
import Tiles

/// Which style of each layer was its default one when the pool said so last, on disk beside the
/// store.
///
/// An entry that was asked for without a style shows the default one of its time. Whoever asks for
/// a style by its name gets such an entry when the pool says that it is the default one; so what
/// was stored before that was first said, or while it was another one, must be stale by then, also
/// when it changed while no edge ran.
struct LayerMemory {
    /// By origin and layer. A layer that is not listed any more keeps its place: a server that has
    /// just started lists fewer for a while.
    private(set) var styles: [String: [String: String]] = [:]
    private let path: String
    /// The disk has not taken the latest yet.
    private var isUnsaved = false
    /// Nothing was stored before this edge began.
    private let isFresh: Bool
    /// Those whose layers are read from the beginning on; nil: it has not begun.
    private var first: Set<String>?

    /// Reads what is there; what cannot be read is not known.
    ///
    /// - Parameter isFresh: so is the store, and what is there was of another one.
    init(directory: String, isFresh: Bool) {
        (path, self.isFresh) = (directory + "/layer-styles", isFresh)
        if isFresh { return }
        guard let text = try? readTextFile(path) else { return }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3 else { continue }
            styles[String(words[0]), default: [:]][String(words[1])] = String(words[2])
        }
    }

    /// Says whose layers are read now. Where nothing was stored before, nothing can be stale of the
    /// first of them; of those that a reload adds it can.
    mutating func begin(_ origins: [String]) {
        if first == nil { first = Set(origins) }
    }

    func knows(_ origin: String) -> Bool { styles[Self.word(origin)] != nil }

    /// The layers whose default style is none, or another one, in the memory.
    func changed(_ facts: [LayerFacts], of origin: String) -> [String] {
        if isFresh, first?.contains(origin) ?? true, !knows(origin) { return [] }
        let known = styles[Self.word(origin)] ?? [:]
        return facts.filter { fact in
            let style = Self.style(fact)
            return !style.isEmpty && known[Self.word(fact.name)] != style
        }.map(\.name)
    }

    /// Takes in what the pool says now, and waits for the disk.
    mutating func learn(_ facts: [LayerFacts], of origin: String) throws(SystemError) {
        var next = styles
        for fact in facts {
            let style = Self.style(fact)
            guard !style.isEmpty else { continue }
            next[Self.word(origin), default: [:]][Self.word(fact.name)] = style
        }
        guard next != styles || isUnsaved else { return }
        // What was made stale is not made so again, also where the disk is full.
        (styles, isUnsaved) = (next, true)
        var text = ""
        for (origin, layers) in next.sorted(by: { $0.key < $1.key }) {
            for (layer, style) in layers.sorted(by: { $0.key < $1.key }) {
                text += "\(origin) \(layer) \(style)\n"
            }
        }
        close(try replaceFile(path, by: Array(text.utf8)))
        isUnsaved = false
    }

    private static func style(_ fact: LayerFacts) -> String {
        guard !fact.defaultStyle.isEmpty || !fact.virtualStyle.isEmpty else { return "" }
        return "\(word(fact.defaultStyle)),\(word(fact.virtualStyle))"
    }

    private static func word(_ text: String) -> String { CatalogueReader.encoded(text) }
}
