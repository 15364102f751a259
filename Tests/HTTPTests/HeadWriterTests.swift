import HTTP
import Testing

@Suite("Writing a head")
struct HeadWriterTests {
    /// What `body` writes into memory of the given size.
    private func written(
        _ size: Int = 256, _ body: (inout HeadWriter) -> Void
    ) -> (text: String, isIntact: Bool) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size + 1, alignment: 1)
        defer { memory.deallocate() }
        memory[size] = 0xa5
        var writer = HeadWriter(UnsafeMutableRawBufferPointer(rebasing: memory[..<size]))
        body(&writer)
        #expect(memory[size] == 0xa5, "written past the end")
        #expect(writer.count <= size)
        let text = String(decoding: memory[..<writer.count], as: UTF8.self)
        return (text, writer.isIntact)
    }

    @Test("a head is written field by field")
    func head() {
        let result = written { writer in
            writer.append("HTTP/1.1 200 OK\r\n")
            writer.field("Content-Type", "image/png")
            writer.field("Content-Length", decimal: 12_345)
            writer.field("Date", epochSeconds: 784_111_777)
            withSpan("a, b") { writer.field("Via", $0) }
            writer.append("\r\n")
        }
        #expect(
            result.text
                == "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 12345\r\n"
                + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nVia: a, b\r\n\r\n")
        #expect(result.isIntact)
    }

    @Test(
        "numbers are written in full",
        arguments: [
            0, 1, 9, 10, 99, 100, 15, 16, 255, 256, 4_294_967_296, UInt64.max, UInt64.max / 10,
        ])
    func numbers(_ number: UInt64) {
        #expect(written { $0.appendDecimal(number) }.text == String(number))
        #expect(written { $0.appendHex(number) }.text == String(number, radix: 16))
    }

    @Test("nothing is written past the end, and nothing more once something did not fit")
    func overflow() {
        for size in 0..<60 {
            let result = written(size) { writer in
                writer.append("HTTP/1.1 200 OK\r\n")
                writer.field("Age", decimal: 1_000)
                writer.appendDate(epochSeconds: 0)
                writer.appendHex(255)
            }
            #expect(!result.isIntact == (size < 17 + 11 + 29 + 2))
            #expect(
                "HTTP/1.1 200 OK\r\nAge: 1000\r\nThu, 01 Jan 1970 00:00:00 GMTff".hasPrefix(
                    result.text))
        }
        #expect(written(0) { $0.append("") }.isIntact)
    }

    @Test(
        "a value that could end its line early is refused",
        arguments: [
            "a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\u{0}b", "\u{1b}", "\u{7f}",
        ])
    func injection(_ value: String) {
        let result = written { writer in
            withSpan(value) { writer.field("Location", $0) }
            #expect(writer.isMalformed && !writer.overflowed)
            writer.append("more")
        }
        #expect(!result.isIntact && result.text == "Location: ")
    }

    @Test("every status line has its registered reason, the others none")
    func statusLines() {
        var count = 0
        for status in 100...599 {
            guard let line = HeadWriter.statusLine(status)?.description else { continue }
            let expected = "HTTP/1.1 \(status) "
            #expect(line.hasPrefix(expected) && line.hasSuffix("\r\n"))
            #expect(line.utf8.count > expected.utf8.count + 2)
            count += 1
        }
        #expect(count == 57)
    }

    @Test("bytes are copied from wherever they are")
    func bytes() {
        let source = Array("abc".utf8)
        let result = written { writer in
            source.withUnsafeBytes { writer.append(bytes: $0) }
            writer.append(bytes: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        #expect(result.text == "abc" && result.isIntact)
    }
}
