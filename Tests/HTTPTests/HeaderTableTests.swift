import HTTP
import Testing

@Suite("The table of field lines")
struct HeaderTableTests {
    @Test("lines keep their order, and lines of one name are found in it")
    func order() {
        let parsed = parse(get("Accept: a", "X: 1", "accept: b", "ACCEPT: c", "Cookie: d"))
        let fields = parsed.head.fields
        #expect(
            parsed.fields == [
                "Host=a.example", "Accept=a", "X=1", "accept=b", "ACCEPT=c", "Cookie=d",
            ])
        var found: [Int] = []
        var line = fields.first(.accept)
        while let index = line {
            found.append(index)
            line = fields.next(after: index, .accept)
        }
        #expect(found == [1, 3, 4])
        #expect(fields.contains(.cookie) && !fields.contains(.etag))
        #expect(fields.first(.etag) == nil && fields.next(after: 0, .host) == nil)
        #expect(fields.isRepeated(.accept) && !fields.isRepeated(.cookie))
        #expect(fields.first(.other) == 2)
    }

    @Test("a table takes 128 lines and no more")
    func full() {
        var table = HeaderTable()
        let field = HeaderField(name: ByteSlice(), value: ByteSlice(3..<5), known: .via)
        var taken = 0
        while table.append(field) { taken += 1 }
        #expect(taken == 128)
        #expect(table.count == 128 && table[127].value.range == 3..<5)
        table.removeAll()
        #expect(table.count == 0 && !table.contains(.via))
        taken = table.append(field) ? 1 : 0
        #expect(taken == 1 && table.count == 1)
    }

    @Test("a copy keeps what it had when the original is parsed into again, and the reverse")
    func copies() {
        var head = parse(get("Via: a", "Cookie: b")).head
        let copy = head
        var scan = HeadScan()
        Array(get("Age: 5").utf8).withUnsafeBytes {
            #expect(parseRequest($0.bytes, &scan, limits: .request, into: &head) == .complete)
        }
        #expect(copy.fields.count == 3 && copy.fields[1].known == .via)
        #expect(head.fields.count == 2 && head.fields[1].known == .age)
        var table = copy.fields
        _ = table.append(HeaderField(name: ByteSlice(), value: ByteSlice(), known: .age))
        #expect(table.count == 4 && table.first(.age) == 3 && table.first(.cookie) == 2)
        #expect(copy.fields.count == 3 && !copy.fields.contains(.age))
    }

    @Test("a slice says where its bytes are")
    func slices() {
        let slice = ByteSlice(7..<12)
        #expect(slice.range == 7..<12 && slice.end == 12 && slice.count == 5 && !slice.isEmpty)
        #expect(ByteSlice().isEmpty && ByteSlice().range == 0..<0)
        #expect(ByteSlice(65_530..<65_535).end == 65_535)
    }

    @Test("RFC 9110 §7.6.1: fields that Connection names go no further")
    func connectionNames() {
        let parsed = parse(
            get(
                "Connection: X-Hop, close", "X-Hop: 1", "x-HOP: 2", "X-Hops: 3", "TE: trailers",
                "Connection: x-two", "X-Two: 4", "Accept: 5"))
        let isHopByHop = parsed.bytes.withUnsafeBytes { buffer in
            (0..<parsed.head.fields.count).map {
                parsed.head.isHopByHop($0, bytes: buffer.bytes)
            }
        }
        #expect(isHopByHop == [false, true, true, true, false, true, true, true, false])
        let answer = parseAnswer(answer("Connection: x-a", "X-A: 1", "X-B: 2", "Keep-Alive: 3"))
        let dropped = answer.bytes.withUnsafeBytes { buffer in
            (0..<4).map { answer.head.isHopByHop($0, bytes: buffer.bytes) }
        }
        #expect(dropped == [true, true, false, true])
    }
}
