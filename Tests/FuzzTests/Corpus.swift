import Foundation
import Testing

/// The files of a committed corpus, in the order of their names; none where the folder is missing.
func corpus(_ name: String) -> [URL] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Corpora/\(name)")
    let found = try? FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: nil)
    return (found ?? []).sorted { $0.path < $1.path }
}

/// The file as it is, every beginning of it, and seeded mutants.
func replay(
    _ file: URL, _ faults: ([UInt8]) -> [String], mutants: Int = 120, step: Int = 7
) throws {
    let bytes = [UInt8](try Data(contentsOf: file))
    #expect(faults(bytes) == [])
    for length in stride(from: 0, to: min(bytes.count, 400), by: step) {
        #expect(faults(Array(bytes[..<length])) == [], "the first \(length) bytes")
    }
    var mutator = Mutator(seed: UInt64(bytes.count))
    for _ in 0..<mutants {
        let mutant = mutator.mutate(bytes)
        #expect(faults(mutant) == [], "\(mutant)")
    }
}

/// Changes bytes at random, decided by a seed: what lies next to the corpus.
private struct Mutator {
    private var state: UInt64
    private static let nasty = Array("/%.*?=&;,\" \t$-q0Aa\n\r_~\\{}[]:\u{0}\u{FF}".utf8)

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    private mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(max(1, bound)))
    }

    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var mutant = bytes
        for _ in 0...below(4) {
            let at = below(mutant.count + 1)
            let byte = below(4) == 0 ? UInt8(below(256)) : Self.nasty[below(Self.nasty.count)]
            switch below(4) {
            case 0: mutant.insert(byte, at: at)
            case 1 where at < mutant.count: mutant.remove(at: at)
            case 2 where at < mutant.count: mutant[at] = byte
            default:
                let from = below(mutant.count + 1)
                mutant.insert(contentsOf: Array(mutant[from...].prefix(below(8))), at: at)
            }
        }
        return mutant
    }
}
