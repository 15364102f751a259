import HTTP
import Testing

@Suite("RFC 9110 §5: what bytes may stand where")
struct ByteClassTests {
    @Test("a token is made of letters, digits and fifteen other characters")
    func token() {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        let members = Set((letters + "!#$%&'*+-.^_`|~").utf8)
        for byte in UInt8.min...UInt8.max { #expect(isToken(byte) == members.contains(byte)) }
        #expect(withSpan("a-b") { isToken($0) })
        #expect(!withSpan("") { isToken($0) })
        #expect(!withSpan("a b") { isToken($0) })
    }

    @Test("a field value is made of tabs, spaces, visible and non-ASCII bytes")
    func value() {
        for byte in UInt8.min...UInt8.max {
            let isMember = byte == 9 || byte >= 32 && byte != 127
            #expect(isFieldValue(byte) == isMember)
            for length in [1, 8, 9, 17] {
                // The byte at each place of a longer value.
                for place in 0..<length {
                    var bytes = [UInt8](repeating: 0x61, count: length)
                    bytes[place] = byte
                    #expect(bytes.withUnsafeBytes { isFieldValue($0.bytes) } == isMember)
                    let isAccepted = parse(
                        Array("GET / HTTP/1.0\r\nX: ".utf8) + bytes + [13, 10, 13, 10]
                    )
                    .isComplete
                    #expect(isAccepted == isMember)
                }
            }
        }
    }

    @Test("eight bytes get small letters as each of them does")
    func lowercase() {
        for place in 0..<8 {
            for byte in UInt8.min...UInt8.max {
                for around: UInt64 in [0, 0x4141_4141_4141_4141, .max, 0x5a5a_5a5a_5a5a_5a5a] {
                    let shift = UInt64(place * 8)
                    let word = around & ~(0xff << shift) | UInt64(byte) << shift
                    let small = lowercased(eight: word)
                    for index in 0..<8 {
                        let at = UInt64(index * 8)
                        #expect(
                            UInt8(truncatingIfNeeded: small >> at)
                                == lowercased(UInt8(truncatingIfNeeded: word >> at)))
                    }
                }
            }
        }
    }

    @Test("a target holds visible ASCII but # and backslash, at each place of a word")
    func target() {
        for byte in UInt8.min...UInt8.max {
            for place in [1, 2, 7, 8, 9, 15, 16] {
                var bytes = Array(
                    "GET /aaaaaaaaaaaaaaaaaaaa?bbbbbbbbbbbbbbbbb HTTP/1.0\r\n\r\n".utf8)
                bytes[4 + place] = byte
                var isMember = (33...126).contains(byte) && byte != 35 && byte != 92
                // A percent sign has to be followed by digits: `aa` is two of them.
                if byte == UInt8(ascii: "%") { isMember = true }
                #expect(parse(bytes).isComplete == isMember, "byte \(byte) at \(place)")
            }
        }
    }

    @Test("text is compared without regard to the case of ASCII letters only")
    func folding() {
        #expect(withSpan("Keep-ALIVE") { equalsIgnoringCase($0, "keep-alive") })
        #expect(!withSpan("keep\ralive") { equalsIgnoringCase($0, "keep-alive") })
        #expect(!withSpan("close ") { equalsIgnoringCase($0, "close") })
        #expect(!withSpan("@") { equalsIgnoringCase($0, "`") })
        let same = withSpan("[a]") { left in withSpan("{A}") { equalsIgnoringCase(left, $0) } }
        #expect(!same)
        let folded = withSpan("aB") { left in withSpan("Ab") { equalsIgnoringCase(left, $0) } }
        #expect(folded)
        #expect(withSpan("aB") { equalsExactly($0, "aB") && !equalsExactly($0, "ab") })
        #expect(!withSpan("aB") { equalsExactly($0, "aBc") })
    }

    @Test("hexadecimal digits have their values in both cases")
    func hexadecimal() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let value = character.isASCII ? character.hexDigitValue.map { UInt8($0) } : nil
            #expect(hexadecimalDigit(byte) == value)
        }
    }
}
