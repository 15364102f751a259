import Caching
import Testing

@testable import Edge

@Suite("Collapsed fetches: whoever finds no fetch looks for what it stored")
struct CollapsedFetchesTests {
    private let fetches = CollapsedFetches(shards: 1)
    private let budget = FillBudget(limit: 1 << 20)
    private let key = CacheKey(high: 1, low: 2)

    private func fresh() -> SharedFetch {
        SharedFetch(key: key, invalidation: 0, leader: nil, budget: budget)
    }

    private func word(_ outcome: CollapsedFetches.Outcome) -> String {
        switch outcome {
        case .leads: "leads"
        case .stored: "stored"
        case .waits: "waits"
        case .alone: "alone"
        }
    }

    @Test("while somebody fetches nothing is looked up; after that it is, before anybody leads")
    func stored() {
        let first = fresh()
        var looks = 0
        func join(_ isStored: Bool) -> String {
            word(
                fetches.joinOrLead(key, nil, fresh(), at: 0, least: 0) {
                    looks += 1
                    return isStored
                })
        }
        #expect(word(fetches.joinOrLead(key, nil, first, at: 0, least: 0)) == "leads")
        #expect(join(true) == "waits")
        #expect(looks == 0)
        fetches.remove(key, first)
        #expect(join(true) == "stored")
        #expect(fetches.inFlight == 0, "whoever is served is nobody to wait for")
        #expect(join(false) == "leads")
        #expect(looks == 2)
    }

    @Test("who wants an answer that is no older than a time joins no fetch that began before")
    func floors() {
        func fetch(began: Milliseconds, wanted: Milliseconds = .min) -> SharedFetch {
            SharedFetch(
                key: key, invalidation: 0, leader: nil, budget: budget, began: began,
                wanted: wanted)
        }
        func join(_ fresh: SharedFetch) -> String {
            word(fetches.joinOrLead(key, nil, fresh, at: 0, least: 0))
        }
        #expect(join(fetch(began: 100)) == "leads")
        #expect(join(fetch(began: 200)) == "waits")
        #expect(join(fetch(began: 200, wanted: 100)) == "waits")
        #expect(join(fetch(began: 200, wanted: 101)) == "leads")
        // And whoever wants nothing special joins the newer one.
        #expect(join(fetch(began: 300, wanted: 200)) == "waits")
    }
}
