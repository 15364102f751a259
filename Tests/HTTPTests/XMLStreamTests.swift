import HTTP
import Testing

@Suite("XML streams: encodings and namespaces")
struct XMLStreamTests {
    /// Names with their namespaces, and text; or the problem.
    static func read(_ bytes: [UInt8], charset: String? = nil, pieces: Int = 4_096) -> String {
        var stream = XMLStream(limits: .document, charset: charset)
        var line = ""
        func drain() throws(XMLError) {
            while let event = try stream.next() {
                switch event {
                case .start(let element):
                    let uri = stream.namespaces.uri(ofPrefix: element.name.prefix)
                    line += "<{\(uri ?? "?")}\(element.name.local)>"
                case .end(let name):
                    line += "</{\(stream.namespaces.uri(ofPrefix: name.prefix) ?? "?")}>"
                case .text(let piece): line += piece
                case .needMore: break
                }
            }
        }
        do throws(XMLError) {
            var at = 0
            while at < bytes.count {
                let end = min(at + pieces, bytes.count)
                stream.append(bytes.span.bytes.extracting(at..<end))
                try drain()
                at = end
            }
            stream.close()
            try drain()
            try stream.finish()
            return line
        } catch { return "\(error.problem)" }
    }

    static func utf16(_ text: String, big: Bool, mark: Bool) -> [UInt8] {
        let units = (mark ? [0xfeff] : []) + Array(text.utf16)
        return units.flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 255))
            return big ? [high, low] : [low, high]
        }
    }

    static let text = "<a xmlns='u'>é€😀</a>"
    static let whole = "<{u}a>é€😀</{u}>"

    @Test("UTF-16 in either order, with a mark or a declaration", arguments: [1, 2, 3, 7, 4_096])
    func utf16(_ pieces: Int) {
        for big in [true, false] {
            let marked = Self.utf16(Self.text, big: big, mark: true)
            #expect(Self.read(marked, pieces: pieces) == Self.whole)
            let declared = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>" + Self.text
            for mark in [true, false] {
                let bytes = Self.utf16(declared, big: big, mark: mark)
                #expect(Self.read(bytes, pieces: pieces) == Self.whole)
                #expect(Self.read(bytes, charset: "utf-16", pieces: pieces) == Self.whole)
            }
        }
    }

    @Test("ISO-8859-1 and UTF-8, by declaration or by charset", arguments: [1, 3, 4_096])
    func eightBits(_ pieces: Int) {
        let declared = Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>".utf8) + [0xe9, 0xff]
        let latin = declared + Array("</a>".utf8)
        #expect(Self.read(latin, pieces: pieces) == "<{}a>éÿ</{}>")
        let bare = Array("<a>".utf8) + [0xe9] + Array("</a>".utf8)
        #expect(Self.read(bare, charset: "iso-8859-1", pieces: pieces) == "<{}a>é</{}>")
        #expect(Self.read(bare, pieces: pieces) == "a byte is not UTF-8")
        #expect(Self.read(Array(Self.text.utf8), pieces: pieces) == Self.whole)
        let marked = [0xef, 0xbb, 0xbf] + Array(Self.text.utf8)
        #expect(Self.read(marked, pieces: pieces) == Self.whole)
        #expect(Self.read(Array("<a/>".utf8), pieces: pieces) == "<{}a></{}>")
    }

    @Test("what two servers would read differently is refused")
    func contradictions() {
        let declared = Array("<?xml version='1.0' encoding='ISO-8859-1'?><a/>".utf8)
        #expect(Self.read(declared, charset: "utf-8").contains("iso-8859-1".uppercased()))
        #expect(Self.read([0xef, 0xbb, 0xbf] + declared).contains("not what the other signs"))
        let wrong = Self.utf16("<?xml version='1.0' encoding='UTF-8'?><a/>", big: true, mark: true)
        #expect(Self.read(wrong).contains("not what the other signs"))
        let mine = Self.utf16(
            "<?xml version='1.0' encoding='UTF-16LE'?><a/>", big: true, mark: true)
        #expect(Self.read(mine).contains("not what the other signs"))
        let utf7 = Array("<?xml version='1.0' encoding='UTF-7'?><a/>".utf8)
        #expect(Self.read(utf7).contains("UTF-7"))
        #expect(Self.read([0, 0, 0xfe, 0xff, 0, 0, 0, 0x3c]).contains("UTF-32"))
        #expect(Self.read(Array("<a/>".utf8), charset: "cp1252").contains("cp1252"))
    }

    @Test("half a character is refused")
    func halves() {
        let whole = Self.utf16("<a>😀</a>", big: true, mark: true)
        #expect(Self.read(whole) == "<{}a>😀</{}>")
        #expect(Self.read(Array(whole.dropLast())).contains("UTF-16"))
        let broken = Array(whole[..<8]) + Array(whole[10...])
        #expect(Self.read(broken).contains("UTF-16"))
    }

    @Test("a prefix means what the nearest element binds it to")
    func namespaces() {
        let text =
            "<p:a xmlns:p='1' xmlns='2'><b xmlns=''><p:c xmlns:p='3'/><p:d/></b><q:e/></p:a>"
        #expect(
            Self.read(Array(text.utf8))
                == "<{1}a><{}b><{3}c></{3}><{1}d></{1}></{}><{?}e></{?}></{1}>")
    }

    @Test("zeros in UTF-16 hide no declaration and do not wait for one")
    func zeros() {
        for mark: [UInt8] in [[0xfe, 0xff], [0xff, 0xfe]] {
            var stream = XMLStream(limits: .document)
            stream.append(mark.span.bytes)
            // 700 bytes are more than any declaration, and decide without a further one.
            stream.append([UInt8](repeating: 0, count: 700).span.bytes)
            #expect(throws: XMLError.self) { _ = try stream.next() }
        }
        let declared = Self.utf16("<?xml version='1.0'?><a>\u{0}</a>", big: true, mark: true)
        #expect(Self.read(declared).contains("control character"))
    }

    @Test("namespaces beyond a limit are refused")
    func limit() {
        func nested(_ depth: Int) -> String {
            let opened = (0..<depth).map { level in
                "<a" + (0..<8).map { " xmlns:p\(level)_\($0)='u'" }.joined() + ">"
            }
            return opened.joined() + String(repeating: "</a>", count: depth)
        }
        #expect(Self.read(Array(nested(16).utf8)).hasPrefix("<{}a>"))
        #expect(Self.read(Array(nested(17).utf8)).contains("128 namespaces"))
        let uri = String(repeating: "u", count: 8_000)
        let names = (0..<10).map { "xmlns:p\($0)='\(uri)'" }.joined(separator: " ")
        #expect(Self.read(Array("<a \(names)/>".utf8)).contains("namespaces"))
        let apart = String(repeating: "<b xmlns='\(uri)'/>", count: 20)
        #expect(Self.read(Array("<a>\(apart)</a>".utf8)).hasPrefix("<{}a>"))
    }
}
