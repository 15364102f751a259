import Edge
import Glibc
import Reactor
import Testing
import WireTesting

@testable import Control

@Suite("Events: lines on standard error")
struct EventLogTests {
    /// A pipe whose reading end does not wait.
    private func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw Unprepared(what: "no pipe") }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    private func taken(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &part, part.count), count > 0 {
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("what nobody reads is dropped, and its number is told in its place")
    func dropped() throws {
        let (reader, writer) = try pipe()
        defer { close(reader) }
        let log = EventLog(least: .info, clock: .system, to: writer)
        let filler = String(repeating: "x", count: 1_000)
        for number in 0..<1_000 { log.note(EdgeEvent(.info, "test", "\(number) \(filler)")) }
        let dropped = log.droppedLines
        #expect(dropped > 0)
        var said = ""
        let isTold = eventually { () -> Bool? in
            said += taken(reader)
            return said.contains("lines were dropped here") ? true : nil
        }
        #expect(isTold == true)
        log.note(EdgeEvent(.info, "test", "later"))
        log.flush()
        said += taken(reader)
        let lines = said.split(separator: "\n")
        #expect(lines.count == 1_000 - Int(dropped) + 2)
        for (number, line) in lines.dropLast(2).enumerated() {
            #expect(line.contains("info test: \(number) x"))
        }
        #expect(lines.dropLast().last?.contains("warning events: \(dropped) lines") == true)
        #expect(lines.last?.hasSuffix("info test: later") == true)
        close(writer)
    }

    @Test("a peer's control characters forge no second line")
    func forged() throws {
        let (reader, writer) = try pipe()
        defer { close(reader) }
        let log = EventLog(least: .info, clock: .system, to: writer)
        log.say("one\ntwo\u{1B}[0m")
        log.note(EdgeEvent(.debug, "test", "left out"))
        log.flush()
        #expect(taken(reader) == "one two [0m\n")
        close(writer)
    }
}
