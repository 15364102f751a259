import HTTP

/// Who reads capabilities, element by element.
///
/// It must not be used any more after it has thrown.
protocol CapabilitiesScan {
    /// Makes UTF-8 of what came: by its mark or declaration, as no Content-Type is known here.
    var transcoder: XMLTranscoder { get set }
    var scanner: XMLScanner { get set }
    /// What stood in the open element since its last tag.
    var text: String { get set }

    mutating func begin(_ element: XMLElement) throws(CapabilitiesError)
    mutating func end(_ name: XMLName) throws(CapabilitiesError)
}

extension CapabilitiesScan {
    /// Takes the bytes that follow the ones before.
    mutating func scan(_ bytes: RawSpan) throws(CapabilitiesError) {
        var text: [UInt8] = []
        do throws(XMLError.Problem) {
            try transcoder.take(bytes, into: &text)
        } catch {
            throw .malformed(scanner.error(error))
        }
        unsafe try scan(text: text.span.bytes)
    }

    private mutating func scan(text bytes: RawSpan) throws(CapabilitiesError) {
        var at = 0
        while true {
            let step: XMLStep
            do throws(XMLError) {
                step = try scanner.next(bytes.extracting(at...))
            } catch {
                throw .malformed(error)
            }
            at += step.consumed
            switch step.event {
            case .needMore: return
            case .text(let piece): text += piece
            case .start(let element): try begin(element)
            case .end(let name): try end(name)
            }
        }
    }

    /// Says that the document ends here; throws when it does not.
    mutating func endScan() throws(CapabilitiesError) {
        var text: [UInt8] = []
        do throws(XMLError.Problem) {
            try transcoder.finish(into: &text)
        } catch {
            throw .malformed(scanner.error(error))
        }
        unsafe try scan(text: text.span.bytes)
        do throws(XMLError) {
            try scanner.finish()
        } catch {
            throw .malformed(error)
        }
    }
}
