import Testing
import WireTesting

/// A response whose length only its end tells, as an HTTP/1.0 viewer gets it: bytes and no framing.
private func asOld(_ path: String) -> String {
    "GET \(path) HTTP/1.0\r\nHost: edge.test\r\n\r\n"
}

@Suite("Bodies that nobody reads and nobody stores")
struct UnreadBodyTests {
    private let size = 200_000_000
    private let megabyte = 1 << 20

    private func start(_ loops: Int, _ sections: String...) throws -> (Configured, Room) {
        // Long, so that a connection ends because it is closed and not because it is idle.
        let test = try Configured(
            pool: "idleTimeout: 120s", sections: sections, loops: loops)
        return (test, test.origin.room())
    }

    /// The origin's connection ends, and what was held of its body is given back.
    private func expectStop(_ test: Configured, _ room: Room, _ memory: Int) throws {
        let request = try #require(room.request(1))
        #expect(test.origin.awaitEnd(of: request.connection), "the origin is read on")
        let isGiven = try eventually {
            try test.edge.metric("mapedge_fill_bytes") < megabyte ? true : nil
        }
        #expect(isGiven == true)
        let after = try #require(test.edge.child.memory("VmHWM"))
        #expect(after - memory < 50_000, "\(after - memory) KiB more")
        #expect(room.count == 1)
    }

    @Test("a viewer that has the body already stops the origin", arguments: [1, 2])
    func notModified(loops: Int) throws {
        let (test, room) = try start(loops)
        room.always(.pattern(size, "Cache-Control: no-store", "ETag: \"a\""))
        let memory = try #require(test.edge.child.memory("VmHWM"))
        #expect(try test.edge.get(room.path(), "If-None-Match: \"a\"").status == 304)
        try expectStop(test, room, memory)
    }

    @Test("so does one that leaves", arguments: [1, 2])
    func left(loops: Int) throws {
        let (test, room) = try start(loops)
        room.always(.pattern(size, "Cache-Control: no-store"))
        let memory = try #require(test.edge.child.memory("VmHWM"))
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        _ = try viewer.headOnly()
        #expect(try viewer.arePattern(megabyte))
        viewer.close()
        try expectStop(test, room, memory)
    }

    @Test("and one that leaves while the origin pauses", arguments: [1, 2])
    func leftInSilence(loops: Int) throws {
        let (test, room) = try start(loops)
        let gate = Gate()
        var reply = Reply.pattern(size, "Cache-Control: no-store")
        reply.steps.insert(.pass(gate), at: 1)
        room.always(reply)
        let memory = try #require(test.edge.child.memory("VmHWM"))
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        _ = try viewer.headOnly()
        // With a reset: an end alone might be that of its requests only.
        viewer.socket.reset()
        let isNoticed = try eventually {
            try test.edge.metric("mapedge_viewer_aborts_total") == 1 ? true : nil
        }
        #expect(isNoticed == true)
        gate.open()
        try expectStop(test, room, memory)
    }

    @Test(
        "several may leave in any order: the others read on, and the last one stops it",
        arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1]], [1, 2])
    func order(_ order: [Int], loops: Int) throws {
        let (test, room) = try start(loops, "cache:", "  objectSize: 1MiB")
        let gate = Gate()
        var reply = Reply.raw("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\n", .pass(gate))
        reply.steps += [.sendPattern(size), .close]
        room.always(reply)
        let memory = try #require(test.edge.child.memory("VmHWM"))
        var viewers = try (0..<3).map { _ in try test.edge.viewer() }
        for index in viewers.indices {
            try viewers[index].send(asOld(room.path()))
            _ = try viewers[index].headOnly()
        }
        gate.open()
        var position = 0
        // A little by each in turn, as the slowest holds up the others.
        func readOn(_ who: ArraySlice<Int>) throws {
            for _ in 0..<20 {
                for index in who {
                    #expect(try viewers[index].arePattern(100_000, at: position))
                }
                position += 100_000
            }
        }
        try readOn(order[...])
        for (count, index) in order.enumerated() {
            viewers[index].close()
            try readOn(order[(count + 1)...])
        }
        // One body counts once, however long it goes on.
        #expect(try test.edge.metric("mapedge_store_skipped_size_total") == 1)
        try expectStop(test, room, memory)
    }
}

@Suite("Bodies that wait for their readers")
struct SlowReaderTests {
    private let size = 40_000_000
    /// Nothing is kept whole, and who reads nothing is waited for.
    private let patient = [
        "cache:", "  objectSize: 1MiB", "limits:", "  minimumRate: 0", "  writeTimeout: 5m",
    ]

    /// A reader that takes the whole body, and one that has taken its head only; the first goes no
    /// further than the second lets it.
    private func stalled(_ test: Configured, leaderIsSlow: Bool) throws -> (
        slow: Viewer, fast: Monitor<Bool?>
    ) {
        let (room, gate) = (test.origin.room(), Gate())
        var reply = Reply.raw("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\n", .pass(gate))
        reply.steps += [.sendPattern(size), .close]
        room.always(reply)
        var viewers = try (0..<2).map { _ in try test.edge.viewer() }
        for index in viewers.indices {
            try viewers[index].send(asOld(room.path()))
            _ = try viewers[index].headOnly()
        }
        #expect(room.count == 1)
        gate.open()
        let (fast, size, reader) = (Monitor<Bool?>(nil), size, viewers[leaderIsSlow ? 1 : 0])
        background {
            var reader = reader
            let isWhole = try? reader.arePattern(size)
            fast.with { $0 = isWhole ?? false }
        }
        // Nothing moves any more once many answers of the admin port see the same count.
        let isStill = try eventually { () -> Bool? in
            let before = try test.edge.metric("mapedge_response_bytes_total")
            for _ in 0..<50 { _ = try test.edge.admin("/healthz") }
            let after = try test.edge.metric("mapedge_response_bytes_total")
            return before > 1_000_000 && before == after ? true : nil
        }
        #expect(isStill == true)
        #expect(fast.with { $0 } == nil, "it did not wait")
        return (viewers[leaderIsSlow ? 0 : 1], fast)
    }

    @Test(
        "go on when the slowest has caught up, whoever it is",
        arguments: [true, false], [1, 2])
    func catchesUp(leaderIsSlow: Bool, loops: Int) throws {
        let test = try Configured(sections: patient, loops: loops)
        var (slow, fast) = try stalled(test, leaderIsSlow: leaderIsSlow)
        #expect(try slow.arePattern(size))
        #expect(fast.wait { $0 } == true)
    }

    @Test("go on when it has left", arguments: [true, false], [1, 2])
    func leaves(leaderIsSlow: Bool, loops: Int) throws {
        let test = try Configured(sections: patient, loops: loops)
        let (slow, fast) = try stalled(test, leaderIsSlow: leaderIsSlow)
        slow.socket.reset()
        #expect(fast.wait { $0 } == true)
    }
}

@Suite("Memory of fetches in progress")
struct FillMemoryTests {
    @Test("is bounded while a body grows, and given back", arguments: [true, false])
    func bound(hasLength: Bool) throws {
        let test = try Configured(sections: ["cache:", "  fillMemory: 2MiB"])
        let (room, size) = (test.origin.room(), 32_000_000)
        let head = hasLength ? "Content-Length: \(size)\r\n" : ""
        var large = Reply.raw("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\(head)\r\n")
        large.steps += [.sendPattern(size)] + (hasLength ? [] : [.close])
        room.reply(large)
        room.always(.ok("Cache-Control: max-age=60", body: "small"))
        let before = try #require(test.edge.child.memory("VmHWM"))
        var viewer = try test.edge.viewer()
        try viewer.send(asOld(room.path()))
        _ = try viewer.headOnly()
        let skipped = "mapedge_store_skipped_memory_total"
        let isLetGo = try eventually { try test.edge.metric(skipped) == 1 ? true : nil }
        #expect(isLetGo == true)
        let held = try test.edge.metric("mapedge_fill_bytes")
        #expect(held < 4 << 20, "\(held) bytes")
        #expect(try viewer.arePattern(size))
        let after = try #require(test.edge.child.memory("VmHWM"))
        #expect(after - before < 16_000, "\(after - before) KiB more")
        viewer.close()
        #expect(try test.edge.get(room.path()).text == "small")
        #expect(try test.edge.get(room.path()).isHit)
        #expect(room.count == 2)
    }

    @Test("is that of all bodies together")
    func together() throws {
        let test = try Configured(sections: ["cache:", "  fillMemory: 2MiB"])
        let (room, gate, size) = (test.origin.room(), Gate(), 1_000_000)
        var reply = Reply.response(
            200, ["Cache-Control: max-age=60", "Content-Length: \(size)"], body: "")
        reply.steps += [.pass(gate), .sendPattern(size)]
        room.always(reply)
        var viewers = try (0..<12).map { _ in try test.edge.viewer() }
        for index in viewers.indices {
            try viewers[index].send(
                "GET \(room.path("\(index)")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            _ = try viewers[index].headOnly()
        }
        gate.open()
        for index in viewers.indices { #expect(try viewers[index].arePattern(size)) }
        let isOver = try eventually { try test.edge.metric("mapedge_fill_bytes") == 0 ? true : nil }
        #expect(isOver == true)
        // Whatever was let go is not there, whatever was kept is there whole.
        for index in viewers.indices {
            let response = try test.edge.get(room.path("\(index)"))
            #expect(response.body.count == size)
        }
        #expect(try test.edge.metric("mapedge_store_skipped_memory_total") > 0)
    }
}
