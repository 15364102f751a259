/// Why a document is not read any further, and where.
public struct XMLError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Problem: Error, Equatable, Sendable {
        case notUTF8, notUTF16, characterForbidden
        case encodingUnknown(String)
        case encodingContradicted(String)
        case declarationMalformed, declarationMisplaced
        case documentTypeForbidden, markupUnknown
        case documentTypeTooLong(limit: Int)
        case nameMissing
        case nameMalformed(String)
        case nameTooLong(limit: Int)
        case tagMalformed
        case attributesNotSeparated
        case attributeValueMissing
        case attributeRepeated(String)
        case attributeTooLong(limit: Int)
        case tooManyAttributes(limit: Int)
        case lessThanInValue
        case referenceMalformed
        case entityUnknown(String)
        case characterReferenceForbidden
        case sectionEndInText, dashesInComment
        case textOutsideRoot, secondRoot
        case endTagMismatched(expected: String, found: String)
        case endTagUnopened
        case tooDeep(limit: Int)
        case namespacesTooLong(limit: Int)
        case tooManyNamespaces(limit: Int)
        case textTooLong(limit: Int)
        case documentTooLong(limit: Int)
        case rootMissing
        case elementUnclosed(String)
        case markupUnfinished
    }

    public var problem: Problem
    public var position: XMLPosition

    public init(_ problem: Problem, at position: XMLPosition) {
        self.problem = problem
        self.position = position
    }

    /// `line 3, column 7: the end tag of "b" stands where "a" should end`
    public var description: String {
        "line \(position.line), column \(position.column): \(problem)"
    }
}

extension XMLError.Problem: CustomStringConvertible {
    public var description: String { characterProblem ?? tagProblem ?? structureProblem }

    private var characterProblem: String? {
        switch self {
        case .notUTF8: "a byte is not UTF-8"
        case .notUTF16: "half a character of UTF-16 stands alone"
        case .encodingContradicted(let name):
            "the encoding \"\(name)\" is not what the other signs say; servers would differ"
        case .characterForbidden: "a control character may not stand in XML"
        case .encodingUnknown(let name): "the declared encoding is \"\(name)\"; only UTF-8 is read"
        case .declarationMalformed: "the XML declaration is malformed"
        case .declarationMisplaced: "an XML declaration may only stand at the very start"
        case .documentTypeForbidden: "a document type declaration is not allowed"
        case .markupUnknown: "\"<!\" or \"<?\" begins nothing that may stand here"
        case .referenceMalformed: "\"&\" is not followed by a name and \";\"; write \"&amp;\""
        case .entityUnknown(let name):
            "the entity \"\(name)\" is unknown; there are amp, lt, gt, quot and apos"
        case .characterReferenceForbidden: "a character reference names no character of XML"
        case .sectionEndInText: "\"]]>\" may not stand in text; write \"]]&gt;\""
        case .dashesInComment: "\"--\" may not stand in a comment"
        default: nil
        }
    }

    private var tagProblem: String? {
        switch self {
        case .nameMissing: "\"<\" is not followed by a name; write \"&lt;\""
        case .nameMalformed(let name): "the name \"\(name)\" has a colon out of place"
        case .nameTooLong(let limit): "a name is longer than \(limit) bytes"
        case .tagMalformed: "a character may not stand in a tag here"
        case .attributesNotSeparated: "an attribute is not preceded by a space"
        case .attributeValueMissing: "an attribute has no value in quotes"
        case .attributeRepeated(let name): "the attribute \"\(name)\" is repeated"
        case .attributeTooLong(let limit): "an attribute value is longer than \(limit) bytes"
        case .tooManyAttributes(let limit): "an element has more than \(limit) attributes"
        case .lessThanInValue: "\"<\" may not stand in an attribute value; write \"&lt;\""
        default: nil
        }
    }

    private var structureProblem: String {
        switch self {
        case .textOutsideRoot: "text stands outside the root element"
        case .secondRoot: "there is a second root element"
        case .endTagMismatched(let expected, let found):
            "the end tag of \"\(found)\" stands where \"\(expected)\" should end"
        case .endTagUnopened: "an end tag has no start tag"
        case .tooDeep(let limit): "elements are nested deeper than \(limit)"
        case .namespacesTooLong(let limit):
            "the namespaces in scope are longer than \(limit) bytes"
        case .tooManyNamespaces(let limit):
            "more than \(limit) namespaces are declared at one place"
        case .documentTypeTooLong(let limit):
            "the document type declaration is longer than \(limit) bytes"
        case .textTooLong(let limit): "text is longer than \(limit) bytes"
        case .documentTooLong(let limit): "the document is longer than \(limit) bytes"
        case .rootMissing: "the document has no element"
        case .elementUnclosed(let name): "the document ends before \"\(name)\" does"
        default: "the document ends within markup"
        }
    }
}
