import Caching
import Edge
import Glibc

/// Fills a map to the eviction mark and goes on putting, for a long time.
struct PutLoad {
    let directory: String
    let mapBytes: Int

    private static let interval = 50_000

    /// What the last quarter of the rates with a full map must keep of the quarter before it, and
    /// of the first. Deleting leaves pages free one by one, so that a rate falls at first: it has to
    /// settle, and not far below. With values of their natural size it falls to a thirtieth, and on.
    private static let goals = (settled: 0.9, kept: 0.5)

    /// Whether the rate stayed flat; nil when the map was not full for long enough to tell.
    func run(puts: Int) throws -> Bool? {
        let start = seconds()
        let store = try Store.open(StoreSettings(directory: directory, mapBytes: mapBytes)) {
            print($0.text)
        }
        print("opened in \(rounded((seconds() - start) * 1_000)) ms")
        print("   puts   put/s    MB/s  used %  entries  evicted  refused  commits  cpu us/put")
        let pool = BodyPool()
        var numbers = Numbers(seed: 11)
        // Twice as many tiles as fit, so that about half of the puts replace a stored one.
        let tiles = mapBytes / 31_000 * 2
        var last = Sample(store)
        var whenFull: [Double] = []
        for put in 0..<puts {
            let count = 1_500 + numbers.next(below: 59_500)
            let number = numbers.next(below: tiles)
            let now = StoreSettings.systemClock()
            // Refused because too much waits: that is the writer's pace, so wait for it.
            while !store.put(number, version: put, count: count, pool, now: now) { usleep(500) }
            last.bytes += count
            guard (put + 1) % Self.interval == 0 else { continue }
            let sample = Sample(store)
            report(put + 1, last, sample)
            if last.evicted > 0 {
                whenFull.append(Double(Self.interval) / (sample.time - last.time))
            }
            last = sample
        }
        let closing = seconds()
        store.close()
        print("closed in \(rounded((seconds() - closing) * 1_000)) ms")
        let again = seconds()
        let reopened = try Store.open(StoreSettings(directory: directory, mapBytes: mapBytes))
        print("reopened in \(rounded((seconds() - again) * 1_000)) ms")
        reopened.close()
        return verdict(whenFull)
    }

    /// Compares the last quarter of the rates with the one before it, and with the first.
    private func verdict(_ rates: [Double]) -> Bool? {
        let quarter = rates.count / 4
        guard quarter >= 2 else {
            print("not judged: the map must be full for 8 lines or more")
            return nil
        }
        func mean(_ rates: some Collection<Double>) -> Double {
            rates.reduce(0, +) / Double(rates.count)
        }
        let first = mean(rates.prefix(quarter))
        let before = mean(rates.dropLast(quarter).suffix(quarter))
        let last = mean(rates.suffix(quarter))
        let isFlat = last >= Self.goals.settled * before && last >= Self.goals.kept * first
        print(
            "with a full map first \(Int(first)), then \(Int(before)), at last \(Int(last)) put/s:",
            "\(rounded(last / before, 2)) x (goal \(Self.goals.settled) or more)",
            "and \(rounded(last / first, 2)) x of the first (goal \(Self.goals.kept) or more):",
            isFlat ? "flat" : "FALLS")
        return isFlat
    }

    private struct Sample {
        var time = seconds()
        var processor = processorSeconds()
        var bytes = 0
        var used = 0.0
        var entries: Int
        var evicted: Int
        var refused: Int
        var commits: Int

        init(_ store: Store) {
            let counters = store.counters
            used = Double(counters.value(.usedPages)) / Double(max(1, counters.value(.mapPages)))
            entries = counters.value(.entries)
            evicted = counters.value(.evicted)
            refused = counters.value(.refusedFull)
            commits = counters.value(.commits)
        }
    }

    private func report(_ puts: Int, _ last: Sample, _ sample: Sample) {
        let time = sample.time - last.time
        let rate = Double(Self.interval) / time
        print(
            column("\(puts)", 7), column("\(Int(rate))", 7),
            column(rounded(Double(last.bytes) / time / 1e6), 7),
            column(rounded(sample.used * 100), 7), column("\(sample.entries)", 8),
            column("\(sample.evicted)", 8), column("\(sample.refused)", 8),
            column("\(sample.commits - last.commits)", 8),
            column(rounded((sample.processor - last.processor) / Double(Self.interval) * 1e6), 11))
        fflush(nil)
    }
}
