import LMDB
import Testing

@Suite("LMDB: transactions")
struct TransactionTests {
    private let scratch = Scratch()

    @Test func `a committed value is found by snapshots renewed later, not by an open one`() throws
    {
        let environment = try scratch.environment()
        let table = try environment.table("t", .bytes)
        let key = Key(high: 1, low: 2)
        let early = try ReadTransaction(environment)
        try early.renew()
        try environment.write { try $0.put(key, [7, 8], in: table) }
        let before = try early.get(key, in: table).map { [UInt8]($0) }
        early.reset()
        try early.renew()
        let after = try early.get(key, in: table).map { [UInt8]($0) }
        early.reset()
        #expect(before == nil)
        #expect(after == [7, 8])
    }

    @Test func `a transaction that ends without commit changes nothing`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("t", .bytes)
        do {
            var transaction = try WriteTransaction(environment)
            try transaction.put(Key(5), [1], in: table)
        }
        var aborted = try WriteTransaction(environment)
        try aborted.put(Key(5), [1], in: table)
        aborted.abort()
        #expect(try environment.bytes(Key(5), table) == nil)
    }

    @Test func `a snapshot's number grows with each commit, and with nothing else`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("t", .bytes)
        try environment.write { try $0.put(Key(5), [1, 2, 3], in: table) }
        let reader = try ReadTransaction(environment)
        try reader.renew()
        let first = reader.number
        let place = try reader.get(Key(5), in: table)?.baseAddress
        reader.reset()
        var aborted = try WriteTransaction(environment)
        try aborted.put(Key(6), [4], in: table)
        aborted.abort()
        try reader.renew()
        let second = reader.number
        let again = try reader.get(Key(5), in: table)?.baseAddress
        reader.reset()
        try environment.write { try $0.put(Key(6), [4], in: table) }
        try reader.renew()
        let third = reader.number
        reader.reset()
        #expect(first == second && place == again && place != nil)
        #expect(third > second)
    }

    @Test func `a write transaction sees its own changes`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("t", .bytes)
        try environment.write { transaction in
            try transaction.put(Key(1), [9], in: table)
            let found = try transaction.get(Key(1), in: table).map { [UInt8]($0) }
            #expect(found == [9])
            let deleted = try transaction.delete(Key(1), in: table)
            #expect(deleted)
            let again = try transaction.delete(Key(1), in: table)
            #expect(!again)
        }
    }

    @Test func `numbers are kept in numeric order whatever their bytes`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        let numbers: [UInt64] = [1 << 40, 3, 255, 256, 65_536, 1]
        try environment.write { transaction in
            for number in numbers { try transaction.put(Key(number), [1], in: table) }
        }
        let order = try environment.read { transaction in
            let cursor = try transaction.cursor(table)
            var found: [UInt64] = []
            var entry = try cursor.first()
            while let (key, _) = entry {
                found.append(key.number)
                entry = try cursor.next()
            }
            return found
        }
        #expect(order == numbers.sorted())
    }

    @Test func `a cursor follows a run of numbers and stops at its end`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        try environment.write { transaction in
            for number: UInt64 in [10, 11, 13] {
                try transaction.put(Key(number), [UInt8(number)], in: table)
            }
        }
        try environment.read { transaction in
            let cursor = try transaction.cursor(table)
            try cursor.renew(transaction)
            let first = try cursor.seek(Key(10)).map { [UInt8]($0) }
            let second = try cursor.next(expecting: 11).map { [UInt8]($0) }
            let third = try cursor.next(expecting: 12).map { [UInt8]($0) }
            #expect(first == [10])
            #expect(second == [11])
            #expect(third == nil)
            let absent = try cursor.seek(Key(12)).map { [UInt8]($0) }
            #expect(absent == nil)
            let above = try cursor.seekFrom(Key(12))?.key.number
            let last = try cursor.last()?.key.number
            #expect(above == 13)
            #expect(last == 13)
        }
    }

    @Test func `deleting a range takes its lowest entries, up to the limit`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        try environment.write { transaction in
            for number: UInt64 in 1...20 { try transaction.put(Key(number), [0], in: table) }
        }
        var counts: [Int] = []
        try environment.write { transaction in
            counts.append(try transaction.delete(5...15, limit: 4, in: table))
            counts.append(try transaction.delete(5...15, limit: 100, in: table))
            counts.append(try transaction.delete(5...15, limit: 100, in: table))
        }
        #expect(counts == [4, 7, 0])
        #expect(try environment.read { try $0.count(of: table) } == 9)
        #expect(try environment.bytes(Key(4), table) != nil)
        #expect(try environment.bytes(Key(16), table) != nil)
    }

    @Test func `the first entry from a key on is found within a write transaction`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("t", .bytes)
        try environment.write { transaction in
            try transaction.put(Key(high: 7, low: 9), [1], in: table)
            let found = try transaction.first(from: Key(high: 7, low: 0), in: table)?.key.halves
            #expect(found?.high == 7)
            #expect(found?.low == 9)
            let absent = try transaction.first(from: Key(high: 7, low: 10), in: table) == nil
            #expect(absent)
        }
    }

    @Test func `appending a key that is not the greatest is refused`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        #expect(throws: LMDBError.self) {
            try environment.write { transaction in
                _ = try transaction.reserve(Key(9), 1, in: table, appends: true)
                _ = try transaction.reserve(Key(8), 1, in: table, appends: true)
            }
        }
    }
}
