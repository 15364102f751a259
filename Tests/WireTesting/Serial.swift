import Synchronization

/// Numbers that occur once in a process.
public enum Serial {
    private static let last = Atomic(0)

    public static func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
