import Reactor
import Testing

@Suite("TLS: SHA-256 and HMAC")
struct SHA256Tests {
    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test(
        "the digest is the standard's (FIPS 180-4, NIST's values), also around a block's end",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                String(repeating: "a", count: 55),
                "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
            ),
            (
                String(repeating: "a", count: 64),
                "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
            ),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func digest(_ text: String, _ expected: String) {
        #expect(hexadecimal(SHA256.digest(of: Array(text.utf8))) == expected)
    }

    @Test("the code is that of RFC 4231 §4.3 and §4.7, also under a long key")
    func code() {
        let short = SHA256.code(
            of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(
            hexadecimal(short)
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = SHA256.code(
            of: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            key: [UInt8](repeating: 0xaa, count: 131))
        #expect(
            hexadecimal(long)
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("texts are the same only if length and every byte are")
    func same() {
        #expect(SHA256.isSame([], []))
        #expect(SHA256.isSame([1, 2, 3], [1, 2, 3]))
        #expect(!SHA256.isSame([1, 2, 3], [1, 2]))
        for index in 0..<3 {
            var other: [UInt8] = [1, 2, 3]
            other[index] ^= 0x80
            #expect(!SHA256.isSame([1, 2, 3], other))
        }
    }
}
