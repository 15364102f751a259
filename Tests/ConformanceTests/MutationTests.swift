import Testing
import WireTesting

/// Well-formed messages with a few bytes changed at random, always the same ones.
private struct Mutator {
    private var random: SeededRandom
    private let bytes: [[UInt8]] =
        [
            "\r", "\n", "\r\n", "\u{0}", " ", "\t", ":", ",", ";", "0", "1", "5", "F", "-", "+",
            "x",
            "\"", "/", "\r\n ", "\r\n\r\n", "chunked", "Content-Length: 3\r\n", "\u{B}", "\u{7F}",
            "Transfer-Encoding: chunked\r\n", "Host: other.test\r\n", "Connection: close\r\n",
            "0\r\n\r\n", "HTTP/1.1", "HTTP/1.0", "GET ", "100-continue", "Expect: ",
        ].map { Array($0.utf8) } + [[0x80], [0xFF], [0xC3, 0x28]]

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func choose<Element>(_ elements: [Element]) -> Element {
        elements[random.below(elements.count)]
    }

    mutating func mutate(_ message: String) -> [UInt8] {
        var result = Array(message.utf8)
        for _ in 0..<(1 + random.below(3)) {
            let at = random.below(result.count)
            let end = min(result.count, at + 1 + random.below(4))
            switch random.below(4) {
            case 0: result.insert(contentsOf: choose(bytes), at: at)
            case 1: result.replaceSubrange(at..<end, with: choose(bytes))
            case 2: result.removeSubrange(at..<end)
            default: result.insert(contentsOf: result[at..<end], at: at)
            }
            if result.isEmpty { result = [0x20] }
        }
        return result
    }
}

@Suite("RFC 9112: thousands of broken messages")
struct MutationTests {
    @Test(
        "whatever a viewer sends, the origin sees whole requests of one meaning, or none",
        arguments: 1...4)
    func requests(seed: Int) throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.always(.ok("Cache-Control: no-store", body: "answered"))
        let bases = [
            "GET \(room.path("get")) HTTP/1.1\r\nHost: edge.test\r\nAccept: */*\r\n\r\n",
            "POST \(room.path("length")) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 5\r\n\r\n"
                + "hello",
            "POST \(room.path("chunks")) HTTP/1.1\r\nHost: edge.test\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
            "PUT \(room.path("expect")) HTTP/1.1\r\nHost: edge.test\r\nExpect: 100-continue\r\n"
                + "Content-Length: 2\r\n\r\nhi",
        ]
        let end = "GET \(room.path("end")) HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n\r\n"
        var mutator = Mutator(seed: UInt64(seed))
        for number in 0..<400 {
            let bytes = mutator.mutate(mutator.choose(bases))
            let viewer = try edge.viewer()
            try? viewer.send(bytes + Array(end.utf8))
            viewer.socket.finishSending()
            let problem = problemWithAnswers(viewer)
            #expect(problem == nil, "\(seed).\(number): \(quoted(bytes[...]))")
            try #require(edge.child.isRunning, "\(seed).\(number): \(quoted(bytes[...]))")
        }
        #expect(origin.malformed.isEmpty)
        for request in room.requests + origin.strays where !request.isCut {
            let problems = canonicalProblems(request)
            #expect(problems.isEmpty, "\(quoted(request.head.raw[...]))")
        }
        #expect(try edge.get(room.path("after")).text == "answered")
    }

    /// What is wrong with what a viewer got, up to the end of its connection.
    private func problemWithAnswers(_ viewer: Viewer) -> String? {
        var viewer = viewer
        for _ in 0..<20 {
            do {
                if try viewer.isClosed() { return nil }
                _ = try viewer.response()
            } catch {
                let words = "\(error)"
                return words.contains("closed, no") || words.contains("reset, no") ? nil : words
            }
        }
        return "more than twenty answers"
    }

    @Test(
        "whatever an origin sends, the viewer gets a whole response, a cut one or an error",
        arguments: 1...4)
    func responses(seed: Int) throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        let bases = [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nCache-Control: max-age=60\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"a\"\r\n\r\n"
                + "3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nVary: X-V, X-W\r\n\r\ngone",
            "HTTP/1.0 200 OK\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT\r\n\r\nto the end",
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/10\r\nContent-Length: 5\r\n"
                + "ETag: \"a\"\r\nCache-Control: max-age=60, stale-if-error=5\r\n\r\nhello",
        ]
        var mutator = Mutator(seed: UInt64(seed) &* 77)
        for number in 0..<300 {
            let bytes = mutator.mutate(mutator.choose(bases))
            room.answers { request in
                request.target.hasSuffix("good")
                    ? .ok(body: "good") : Reply([.send(bytes), .close])
            }
            for _ in 0..<2 {
                let viewer = try edge.viewer()
                try viewer.send(
                    "GET \(room.path("\(number)")) HTTP/1.1\r\nHost: edge.test\r\n"
                        + "Connection: close\r\n\r\n")
                let problem = problemWithAnswers(viewer)
                #expect(problem == nil, "\(seed).\(number): \(quoted(bytes[...]))")
            }
            try #require(edge.child.isRunning, "\(seed).\(number): \(quoted(bytes[...]))")
            #expect(try edge.get(room.path("good")).text == "good")
        }
        #expect(origin.malformed.isEmpty)
    }
}
