import Synchronization

/// Numbers that occur once in a process.
enum Serial {
    private static let last = Atomic(0)

    static func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
