/// A document read piece by piece in any of the encodings of `XMLEncoding`, with its namespaces.
///
/// ```
/// stream.append(bytes)
/// while let event = try stream.next() { ... }    // nil: append more, or finish()
/// ```
///
/// What is appended is copied once. Memory is that of the scanner's limits and of one piece.
public struct XMLStream: Sendable {
    private var transcoder: XMLTranscoder
    private var scanner: XMLScanner
    public private(set) var namespaces: XMLNamespaces
    private var pending: [UInt8] = []
    private var at = 0
    /// The element whose end was told last is still in scope.
    private var endsElement = false
    private var failure: XMLError?

    /// A stream before the first byte.
    ///
    /// - Parameter charset: that of the Content-Type, without quotes; nil where it has none.
    public init(limits: XMLLimits, charset: String? = nil) {
        transcoder = XMLTranscoder(charset: charset)
        scanner = XMLScanner(limits: limits, isTranscoded: true)
        namespaces = XMLNamespaces()
    }

    /// Takes the bytes that follow those before.
    public mutating func append(_ bytes: RawSpan) {
        if at == pending.count {
            pending.removeAll(keepingCapacity: true)
            at = 0
        }
        guard failure == nil else { return }
        do throws(XMLError.Problem) {
            try transcoder.take(bytes, into: &pending)
        } catch { fail(error) }
    }

    /// The next tag or text; nil when more bytes are needed.
    ///
    /// - Throws: what is wrong with the document; then again at every later call.
    public mutating func next() throws(XMLError) -> XMLStep.Event? {
        if endsElement { namespaces.end() }
        endsElement = false
        let step = try Self.step(&scanner, pending, from: at)
        at += step.consumed
        switch step.event {
        case .needMore:
            if let failure { throw failure }
            return nil
        case .start(let element):
            do throws(XMLError.Problem) {
                try namespaces.begin(element)
            } catch {
                fail(error)
                throw XMLError(error, at: step.position)
            }
        case .end: endsElement = true
        case .text: break
        }
        return step.event
    }

    private static func step(
        _ scanner: inout XMLScanner, _ bytes: [UInt8], from at: Int
    ) throws(XMLError) -> XMLStep {
        unsafe try scanner.next(bytes.span.bytes.extracting(at..<bytes.count))
    }

    /// Says that nothing follows what was appended. Call `next()` until it says nil before, and
    /// afterwards: a document of a few bytes is only told now.
    public mutating func close() {
        do throws(XMLError.Problem) {
            try transcoder.finish(into: &pending)
        } catch { fail(error) }
    }

    /// Makes sure that the document, closed and read to its end, is whole.
    public func finish() throws(XMLError) {
        if let failure { throw failure }
        try scanner.finish()
    }

    private mutating func fail(_ problem: XMLError.Problem) {
        failure = failure ?? scanner.error(problem)
    }
}
