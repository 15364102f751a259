import Caching
import Foundation
import Testing

@testable import Edge

@Suite("The log of invalidations")
final class InvalidationLogTests {
    private let directory = FileManager.default.temporaryDirectory
        .appending(path: "invalidations-\(UUID())").path

    init() throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func rule(_ index: Int) -> InvalidationRule {
        InvalidationRule(.target, Array("/tiles/\(index).png".utf8))
    }

    @Test("what does not fit becomes one rule, everything, and stays that when it is read again")
    func collapse() throws {
        do {
            var log = try InvalidationLog(directory: directory, isNew: true)
            // More than one commit's deletions.
            try log.append([
                Invalidations.Batch(
                    number: 7, rules: (0..<9_000).map(rule), whenDurable: nil)
            ])
            #expect(try log.load().rules.count == 9_000)
            try log.collapse(8)
        }
        var log = try InvalidationLog(directory: directory, isNew: false)
        let found = try log.load()
        #expect(found.latest == 8 && found.rules.map(\.number) == [8])
        #expect(found.rules.map(\.rule) == [.everything])
        try log.append([
            Invalidations.Batch(number: 9, rules: [rule(1)], whenDurable: nil)
        ])
        #expect(try log.load().rules.map(\.rule) == [.everything, rule(1)])
        try log.retire(upTo: 8)
        #expect(try log.load().rules.map(\.number) == [9])
    }
}
