// What each pure step of a hit costs, and proof that none of them allocates or retains.
//
// peers/hitgate holds the whole edge to that; this finds the step when it says no. Prints
// nanoseconds (the best of some batches: what disturbs a machine only adds) and counts; exits 1
// when a count is not zero. Whether a goal in nanoseconds is met is told and no more: that is the
// machine's matter, too.
import CAllocationCount
import Glibc

let batches = 20
let callsPerBatch = 100_000
/// Of the canonical key of a map: reading a WMS request that is not remembered.
let mapKeyGoal: UInt64 = 1_500

func monotonicNow() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return right ? space + text : text + space
}

/// Runs a step and prints its row, with whether it takes less than `goal` nanoseconds; returns
/// whether it neither allocated nor retained.
@inline(__always)
func measure(
    _ name: String, _ steps: inout Steps, _ sum: inout UInt64,
    goal: UInt64? = nil, _ step: (inout Steps) -> UInt64
) -> Bool {
    for _ in 0..<callsPerBatch { sum &+= step(&steps) }
    var best = UInt64.max
    let before = callCountsOfThisThread()
    for _ in 0..<batches {
        let start = monotonicNow()
        for _ in 0..<callsPerBatch { sum &+= step(&steps) }
        best = min(best, monotonicNow() - start)
    }
    let after = callCountsOfThisThread()
    let allocations = after.allocations - before.allocations
    let retains = after.retains - before.retains
    let tenths = best * 10 / UInt64(callsPerBatch)
    print(
        padded(name, 10), padded("\(tenths / 10).\(tenths % 10) ns", 10, right: true),
        padded("\(allocations) allocations", 16, right: true),
        padded("\(retains) retains", 12, right: true),
        goal.map { "  (goal < \($0) ns: \(tenths < $0 * 10 ? "yes" : "NO"))" } ?? "")
    return allocations == 0 && retains == 0
}

guard callCountsSeeRetains() != 0 else {
    print("the Swift runtime cannot be watched; link its shared library and run on x86-64")
    exit(1)
}
var steps = Steps()
// As many as CloudFront has in progress at once, and as many as the edge tells apart.
let fewStars = Rules(1_000, starred: 15)
let manyStars = Rules(4_000, starred: 4_000)
var sum: UInt64 = 0
var isClean = true
isClean = measure("parse", &steps, &sum) { $0.parse() } && isClean
isClean = measure("facts", &steps, &sum) { $0.readFacts() } && isClean
isClean = measure("key", &steps, &sum) { $0.key() } && isClean
isClean = measure("decode", &steps, &sum) { $0.decode() } && isClean
isClean = measure("15 stars", &steps, &sum) { $0.look(among: fewStars) } && isClean
isClean = measure("4k stars", &steps, &sum) { $0.look(among: manyStars) } && isClean
isClean = measure("decide", &steps, &sum) { $0.decideServing() } && isClean
isClean = measure("times", &steps, &sum) { $0.writeTimes() } && isClean
// Last, since it writes into the memory of the key that `decode` expects.
isClean = measure("map key", &steps, &sum, goal: mapKeyGoal) { $0.mapKey() } && isClean
print("sum of results \(sum), the same in every run")
exit(isClean ? 0 : 1)
