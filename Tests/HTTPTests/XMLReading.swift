import HTTP

/// A document as a line of events: `<a x=1>`, `text`, `</a>`; text pieces joined.
struct XMLReading: Equatable {
    var events: [String] = []
    var failure: XMLError?

    init(_ bytes: [UInt8], limits: XMLLimits = .document, ends: [Int]? = nil) {
        var scanner = XMLScanner(limits: limits)
        do throws(XMLError) {
            var start = 0
            for end in ends ?? [bytes.count] {
                try read(Array(bytes[start..<end]), &scanner)
                start = end
            }
            try scanner.finish()
        } catch {
            failure = error
        }
    }

    init(_ text: String, limits: XMLLimits = .document) {
        self.init(Array(text.utf8), limits: limits)
    }

    private mutating func read(_ bytes: [UInt8], _ scanner: inout XMLScanner) throws(XMLError) {
        var at = 0
        while true {
            let step = try scanner.next(bytes.span.bytes.extracting(at..<bytes.count))
            at += step.consumed
            switch step.event {
            case .start(let element):
                let attributes = element.attributes.map { " \($0.name.qualified)=\($0.value)" }
                events.append("<\(element.name.qualified)\(attributes.joined())>")
            case .end(let name): events.append("</\(name.qualified)>")
            case .text(let piece):
                if let last = events.last, last.first != "<" || last == "<" {
                    events[events.count - 1] = last + piece
                } else {
                    events.append("\u{200b}" + piece)
                }
            case .needMore: return
            }
        }
    }

    /// All events in one line.
    var line: String { events.joined().filter { $0 != "\u{200b}" } }
}
