import Foundation
import Reactor
import Testing

@testable import Control

@Suite("The list of past invalidations")
struct InvalidationHistoryTests {
    /// A path in a directory of its own.
    private let path = FileManager.default.temporaryDirectory
        .appending(path: "history-\(UUID())").path

    private func record(_ number: Int, _ items: [String] = ["/a"]) -> InvalidationRecord {
        InvalidationRecord(
            id: "I\(number)", created: Int64(number), items: items, callerReference: "r\(number)")
    }

    @Test("what was appended is there after opening again, newest first")
    func reopened() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var odd = record(2, ["/a?b&c", "#tag", "/ü<\n\r\t*"])
        odd.isSoft = true
        odd.number = .max
        do {
            let history = try InvalidationHistory(path: path)
            try history.append(record(1))
            try history.append(odd)
        }
        let again = try InvalidationHistory(path: path)
        #expect(again.records == [odd, record(1)])
        try again.append(record(3))
        #expect(try InvalidationHistory(path: path).records.map(\.id) == ["I3", "I2", "I1"])
    }

    @Test("a line that was cut short is dropped, whatever is left of it")
    func torn() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try InvalidationHistory(path: path).append(record(1))
        let first = try Data(contentsOf: URL(filePath: path))
        try InvalidationHistory(path: path).append(record(2))
        let both = try Data(contentsOf: URL(filePath: path))
        for length in first.count..<both.count {
            try both.prefix(length).write(to: URL(filePath: path))
            let history = try InvalidationHistory(path: path)
            #expect(history.records == [record(1)], "\(length)")
            try history.append(record(3))
            #expect(try InvalidationHistory(path: path).records.map(\.id) == ["I3", "I1"])
        }
    }

    @Test("as many as are said are kept, and the older half goes with the next after twice as many")
    func bound() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(InvalidationHistory.recordsMin == 10_000)
        let history = try InvalidationHistory(path: path, recordsMin: 3)
        for number in 1...6 { try history.append(record(number)) }
        #expect(history.records.map(\.id) == ["I6", "I5", "I4", "I3", "I2", "I1"])
        try history.append(record(7))
        #expect(history.records.map(\.id) == ["I7", "I6", "I5", "I4"])
        #expect(try InvalidationHistory(path: path).records == history.records)
    }

    @Test("a month's paths are those since it began, each counting one")
    func month() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let history = try InvalidationHistory(path: path)
        // 2026-11-01 and 2026-12-01, 00:00 UTC.
        let (start, end): (Int64, Int64) = (1_793_491_200_000, 1_796_083_200_000)
        for (created, items, isSoft) in [
            (start - 1, ["/before"], false), (start, ["/a", "/*", "#tag"], false),
            (end - 1, ["/b"], false), (end - 1, ["/soft"], true), (end, ["/after"], false),
        ] {
            var record = record(1, items)
            (record.created, record.isSoft) = (created, isSoft)
            try history.append(record)
        }
        #expect(history.pathsOfMonth(start - 1) == 1)
        #expect(history.pathsOfMonth(start) == 3)
        #expect(history.pathsOfMonth(end - 1) == 4)
        #expect(history.pathsOfMonth(end) == 1)
    }

    @Test("a file that cannot be opened says so")
    func missing() {
        #expect(throws: SystemError.self) {
            _ = try InvalidationHistory(path: "/nonexistent/history")
        }
    }
}
