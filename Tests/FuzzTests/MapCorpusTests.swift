import Foundation
import Testing

// Foundation reads the corpus directories; nothing below it can.
@Suite("Corpus: maps and writes")
struct MapCorpusTests {
    static let tiles = corpus("tile")
    static let transactions = corpus("transaction")
    static let times = corpus("time")

    @Test("the corpora are there")
    func present() {
        #expect(Self.tiles.count >= 30 && Self.transactions.count >= 40 && Self.times.count >= 30)
    }

    @Test("a map has one key in any order, and what is asked for it is that map", arguments: tiles)
    func tile(_ file: URL) throws { try replay(file, TileProperty.faults, mutants: 24, step: 31) }

    @Test("a write is the same in pieces, and no less by its beginning", arguments: transactions)
    func transaction(_ file: URL) throws {
        try replay(file, TransactionProperty.faults, mutants: 8, step: 67)
    }

    @Test("TIME means the same in its normal form", arguments: times)
    func time(_ file: URL) throws { try replay(file, TimeProperty.faults, mutants: 60) }
}
