import HTTP

extension ExceptionReport {
    /// What a report in XML says to people, without white space around it; nil: nothing.
    ///
    /// - Parameter prefix: the document's beginning; of a text that goes on, what is there.
    public static func text(in prefix: RawSpan) -> String? {
        var limits = XMLLimits.document
        limits.documentTypeBytes = prefixBytes
        var scanner = XMLScanner(limits: limits)
        var (at, isInside, text) = (0, false, "")
        scanning: while let step = try? scanner.next(prefix.extracting(at...)) {
            at += step.consumed
            switch step.event {
            case .start(let element) where isException(element.name): isInside = true
            case .text(let run) where isInside: text += run
            case .end(let name) where isException(name): break scanning
            case .needMore: break scanning
            default: break
            }
        }
        let words = text.split { $0.isWhitespace }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    private static func isException(_ name: XMLName) -> Bool {
        name.local == "ServiceException" || name.local == "Exception"
    }
}
