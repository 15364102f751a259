import Foundation
import HTTP
import Testing

// Foundation reads the corpus directory; nothing below it can.
@Suite("Corpus: XML")
struct XMLCorpusTests {
    static let files = corpus("xml")

    @Test("the corpus is there")
    func present() {
        #expect(Self.files.count >= 20)
    }

    @Test("whole, in pieces and byte by byte, a file means the same", arguments: files)
    func replay(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        let whole = events(bytes, pieceBytes: max(bytes.count, 1))
        #expect(events(bytes, pieceBytes: 1) == whole)
        #expect(events(bytes, pieceBytes: 3) == whole)
    }

    /// Tags and text, runs of which are joined, and what the reading ended with.
    private func events(_ bytes: [UInt8], pieceBytes: Int) -> [String] {
        var scanner = XMLScanner(limits: .document)
        var events: [String] = []
        var run = ""
        var at = 0
        var end = 0
        do throws(XMLError) {
            while end < bytes.count {
                end = min(end + pieceBytes, bytes.count)
                while true {
                    let step = try scanner.next(bytes.span.bytes.extracting(at..<end))
                    #expect(step.consumed <= end - at)
                    at += step.consumed
                    if case .text(let piece) = step.event {
                        run += piece
                        continue
                    }
                    if step.event == .needMore { break }
                    events += ["text \(run)", "\(step.event) at \(step.position)"]
                    run = ""
                }
            }
            try scanner.finish()
            return events + ["end"]
        } catch {
            return events + ["\(error)"]
        }
    }
}
