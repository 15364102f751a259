import Caching
import Foundation
import Testing

// Foundation reads the corpus directory; nothing below it can.
@Suite("Corpus: entry records")
struct RecordCorpusTests {
    static let files = corpus("record")

    @Test("the corpus is there")
    func present() {
        #expect(Self.files.count >= 20)
    }

    @Test("a record of any bytes is refused, or all its parts lie within it", arguments: files)
    func replay(_ file: URL) throws {
        let record = [UInt8](try Data(contentsOf: file))
        examine(record, file)
        for length in stride(from: 0, to: record.count, by: 7) {
            examine(Array(record[..<length]), file)
        }
    }

    private func examine(_ record: [UInt8], _ file: URL) {
        let isSound = file.lastPathComponent.hasPrefix("sound")
        let key = Array("key".utf8)
        for verifying in [true, false] {
            let decoded = EntryRecord.decode(
                record.span.bytes, expecting: key.span.bytes, seed: (1, 2), verifying: verifying)
            guard case .entry(_, let layout) = decoded else { continue }
            #expect(layout.key.lowerBound == EntryRecord.headerBytes)
            #expect(layout.inlineBody.upperBound == record.count)
            #expect(isSound || !verifying)
        }
    }
}
