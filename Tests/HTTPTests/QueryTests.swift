import HTTP
import Testing

@Suite("Query strings and lists")
struct QueryTests {
    private func parameters(_ query: String) -> [String] {
        let bytes = Array(query.utf8)
        var walk = QueryParameters()
        var found: [String] = []
        bytes.withUnsafeBytes { buffer in
            while let parameter = walk.next(in: buffer.bytes) {
                let name = String(decoding: bytes[parameter.name], as: UTF8.self)
                let value = String(decoding: bytes[parameter.value], as: UTF8.self)
                found.append(parameter.hasValue ? "\(name)=\(value)" : name)
            }
        }
        return found
    }

    @Test(
        "parameters come in order, undecoded, empty ones included",
        arguments: [
            ("a=1&b=2", ["a=1", "b=2"]), ("a&b=", ["a", "b="]), ("a=1&&b", ["a=1", "", "b"]),
            ("", []),
            ("=x", ["=x"]), ("a=b=c", ["a=b=c"]), ("a;b=1&c", ["a;b=1", "c"]), ("&", [""]),
            ("a%26b=c%3D", ["a%26b=c%3D"]),
        ])
    func walk(_ query: String, _ expected: [String]) { #expect(parameters(query) == expected) }

    @Test("a name is found in any case and encoding, and its repetition is noticed")
    func lookup() {
        let query = "x=1&LAYERS=a&%6cayers=b&Format=image%2Fpng"
        let first = { (name: StaticString) in
            withSpan(query) { QueryParameters.first(name, in: $0)?.value }
        }
        #expect(first("layers") == 11..<12)
        #expect(first("layer") == nil && first("formats") == nil)
        #expect(withSpan(query) { QueryParameters.isRepeated("layers", in: $0) })
        #expect(!withSpan(query) { QueryParameters.isRepeated("format", in: $0) })
    }

    @Test(
        "percent-encoding is undone once",
        arguments: [
            ("a%20b", "a b"), ("a+b", "a b"), ("%2B", "+"), ("%252e", "%2e"), ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"), ("", ""), ("%41%6a", "Aj"),
        ])
    func decoding(_ text: String, _ expected: String) {
        var memory = [UInt8](repeating: 0, count: 16)
        let count = memory.withUnsafeMutableBytes { buffer in
            withSpan(text) { PercentCoding.decode($0, plusIsSpace: true, into: buffer) }
        }
        #expect(count.map { String(decoding: memory[..<$0], as: UTF8.self) } == expected)
    }

    @Test("decoding stops at the end of the memory, and a plus may stay one")
    func bounds() {
        var memory = [UInt8](repeating: 0, count: 2)
        memory.withUnsafeMutableBytes { buffer in
            #expect(
                withSpan("abc") { PercentCoding.decode($0, plusIsSpace: true, into: buffer) } == nil
            )
            #expect(
                withSpan("%61+") { PercentCoding.decode($0, plusIsSpace: false, into: buffer) } == 2
            )
        }
        #expect(memory == Array("a+".utf8))
    }

    @Test(
        "RFC 9110 §5.6.1: members of a list",
        arguments: [
            ("a, b,c", ["a", "b", "c"]), (" ,,a\t,, ", ["a"]), ("", []),
            ("\"a,b\", c", ["\"a,b\"", "c"]),
            ("a=\"x\\\",y\", z", ["a=\"x\\\",y\"", "z"]), ("\"open, b", ["\"open, b"]),
            ("a b", ["a b"]),
            ("a\\,b", ["a\\", "b"]), ("\"\\", ["\"\\"]),
        ])
    func list(_ text: String, _ expected: [String]) {
        let bytes = Array(text.utf8)
        var walk = FieldList()
        var members: [String] = []
        bytes.withUnsafeBytes { buffer in
            while let member = walk.next(in: buffer.bytes) {
                members.append(String(decoding: bytes[member], as: UTF8.self))
            }
        }
        #expect(members == expected)
    }
}
