import Caching
import HTTP
import Testing

@Suite("Canonical key")
struct CanonicalKeyTests {
    private func key(_ fields: [String] = [], method: String = "GET", target: String) -> [UInt8] {
        let (bytes, head) = Heads.request(fields, method: method, target: target)
        return Heads.key { $0.append(head, bytes: bytes.span.bytes) } ?? []
    }

    @Test("GET and HEAD share a key, other methods do not")
    func methods() {
        #expect(key(target: "/a") == key(method: "HEAD", target: "/a"))
        #expect(key(target: "/a") != key(method: "OPTIONS", target: "/a"))
        #expect(key(method: "OPTIONS", target: "/a") != key(method: "POST", target: "/a"))
    }

    @Test("the parts can be walked; what is no key has none")
    func parts() {
        let bytes = key(target: "/a?b")
        var walk = CanonicalParts()
        var found: [String] = []
        while let (part, range) = walk.next(in: bytes.span.bytes) {
            found.append("\(part) \(String(decoding: bytes[range], as: UTF8.self))")
        }
        #expect(found == ["methodClass G", "host example.org", "path /a", "query b"])
        #expect(!walk.isBroken)
        for digest: [UInt8] in [[99, 0, 0], [1, 0], [3, 9, 0, 1]] {
            var walk = CanonicalParts()
            #expect(walk.next(in: digest.span.bytes) == nil)
            #expect(walk.isBroken && walk.next(in: digest.span.bytes) == nil)
        }
    }

    @Test(
        "host counts without case, default port and empty port",
        arguments: ["Example.ORG", "example.org:80", "EXAMPLE.org:"])
    func sameHost(_ host: String) {
        let bytes = Array(host.utf8)
        let plain = Array("example.org".utf8)
        let made = Heads.key { $0.append(host: bytes.span.bytes) }
        #expect(made == Heads.key { $0.append(.host, plain.span.bytes) })
    }

    @Test(
        "another host or port is another key",
        arguments: ["example.org:8080", "example.com", "example.org:800", "a.example.org"])
    func otherHost(_ host: String) {
        #expect(key(["Host: \(host)"], target: "/a") != key(target: "/a"))
    }

    @Test("path and query count byte for byte; an empty query is none")
    func targets() {
        #expect(key(target: "/a?") == key(target: "/a"))
        #expect(key(target: "/a?b") != key(target: "/ab"))
        #expect(key(target: "/a?x=1&y=2") != key(target: "/a?y=2&x=1"))
        #expect(key(target: "/A") != key(target: "/a"))
        #expect(key(target: "/%61") != key(target: "/a"))
    }

    @Test("no content of one part passes for another part")
    func noInjection() {
        // All ways to cut one text into path and query, with separators of the format inside.
        let text: [UInt8] = [47, 4, 1, 0, 97, 5, 1, 0, 98, 5, 0, 0, 4, 2, 0, 47, 47]
        var seen: Set<[UInt8]> = []
        for cut in 0...text.count {
            let made = Heads.key {
                $0.append(.path, text.span.bytes.extracting(0..<cut))
                $0.append(.query, text.span.bytes.extracting(cut..<text.count))
            }
            seen.insert(made ?? [])
        }
        #expect(seen.count == text.count + 1)
    }

    @Test("nothing is written past the end, and what does not fit is marked")
    func bounds() {
        let path = [UInt8](repeating: 47, count: 100)
        for capacity in 0..<103 {
            #expect(Heads.key(capacity) { $0.append(.path, path.span.bytes) } == nil)
        }
        #expect(Heads.key(103) { $0.append(.path, path.span.bytes) }?.count == 103)
        let long = [UInt8](repeating: 47, count: 65_536)
        #expect(Heads.key(70_000) { $0.append(.path, long.span.bytes) } == nil)
    }

    @Test("a key that overflowed stays so until it is truncated")
    func overflow() {
        let bytes = [UInt8](repeating: 1, count: 20)
        let made = Heads.key(30) {
            $0.append(.path, bytes.span.bytes)
            $0.append(.query, bytes.span.bytes)
            #expect($0.overflowed)
            $0.append(.query, bytes.span.bytes.extracting(0..<1))
            #expect($0.overflowed)
            $0.truncate(to: 23)
            $0.append(.query, bytes.span.bytes.extracting(0..<1))
        }
        #expect(made?.count == 27)
    }

    @Test func `small letters of every length fill the memory to its last byte and no further`() {
        for length in 0...40 {
            let text = (0..<length).map { UInt8(ascii: "A") + UInt8($0 % 58) }
            withUnsafeTemporaryAllocation(byteCount: length + 4, alignment: 8) { memory in
                memory[length + 3] = 0xA5
                var key = CanonicalKey(
                    UnsafeMutableRawBufferPointer(rebasing: memory[..<(length + 3)]))
                key.append(lowercasing: .fieldName, text.span.bytes)
                #expect(!key.overflowed)
                #expect(Array(key.bytes.dropFirst(3)) == text.map { lowercased($0) })
                #expect(memory[length + 3] == 0xA5)
            }
        }
    }
}
