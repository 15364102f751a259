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

    @Test("a file that cannot be opened says so")
    func missing() {
        #expect(throws: SystemError.self) {
            _ = try InvalidationHistory(path: "/nonexistent/history")
        }
    }
}
