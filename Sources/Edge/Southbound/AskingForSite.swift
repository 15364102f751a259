import Caching
import CloudFront
import HTTP
import Reactor

// Who asks in the viewers' stead: the site itself at a listener of its own, and the edge's own
// seeder. Neither speaks TLS where viewers have to, and both mean what viewers find.
extension LoopState where N: ~Copyable {
    /// Whether the request at hand counts as one over TLS, because its behavior's viewers are all
    /// sent there: what it asks for is theirs.
    @inline(__always)
    func asksForSite(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int
    ) -> Bool {
        guard viewers[slot].isSouthbound || head.fields.contains(.xEdgeCache) else { return false }
        return unsafe isForSite(slot, bytes, behavior)
    }

    @inline(never)
    private func isForSite(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int
    ) -> Bool {
        guard let imported = unsafe hot[behavior].imported else { return false }
        let rule = unsafe imported._withUnsafeGuaranteedRef { $0.viewerProtocolPolicy }
        guard rule != .allowAll else { return false }
        if viewers[slot].isSouthbound { return true }
        guard let line = head.fields.first(.xEdgeCache) else { return false }
        let said = unsafe bytes.bytes.extracting(head.fields[line].value.range)
        return SeederWord.isSaid(in: said, shared.seederWord)
    }
}

/// `X-Edge-Cache: seed WORD`, by which the edge knows its own seeder and `mapedge seed`: a word
/// that its admin port alone tells, made anew with each process. It says in whose stead the request
/// asks and nothing else.
enum SeederWord {
    static func isSaid(in value: RawSpan, _ word: [UInt8]) -> Bool {
        let prefix: StaticString = "seed "
        let length = prefix.utf8CodeUnitCount
        guard !word.isEmpty, value.byteCount == length + word.count,
            equalsIgnoringCase(value.extracting(0..<length), prefix)
        else { return false }
        // Without haste: how far it is right takes no longer or shorter.
        var differences: UInt8 = 0
        for index in word.indices { differences |= value.byte(length + index) ^ word[index] }
        return differences == 0
    }

    static func make() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        return (0..<32).map { _ in digits[Int(random.next() & 15)] }
    }
}

extension Server {
    /// The word for `X-Edge-Cache: seed`.
    public var seederWord: String { String(decoding: shared.seederWord, as: UTF8.self) }
}
