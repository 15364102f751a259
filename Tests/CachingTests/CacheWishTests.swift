import Caching
import HTTP
import Testing

@Suite("What operators ask of the cache")
struct CacheWishTests {
    private func decide(_ wish: CacheWish, _ policy: BehaviorPolicy = .letter) -> Decision? {
        guard let stored = entry(answer(200, "Cache-Control: max-age=10", "ETag: \"a\""), policy)
        else { return nil }
        var request = ask()
        request.wish = wish
        return Caching.decide(
            .entry(stored), request: request, policy: policy, health: .up, now: epoch)
    }

    @Test("the words, in any case")
    func words() {
        for (text, wish) in [
            ("bypass", CacheWish.bypass), ("BYPASS", .bypass), ("refresh", .refresh), ("1", .none),
            ("", .none), ("bypass, refresh", .none),
        ] {
            let bytes = Array(text.utf8)
            #expect(CacheWish(bytes.span.bytes) == wish, "\(text)")
        }
    }

    @Test(
        "both modes obey, whatever is fresh", arguments: [BehaviorPolicy.letter, .cloudFrontPure])
    func obeyed(_ policy: BehaviorPolicy) {
        #expect(decide(.none, policy) == Decision(.serve, .fresh))
        #expect(decide(.bypass, policy) == Decision(.pass, .bypassAsked))
        #expect(decide(.refresh, policy) == Decision(.fetch, .refreshAsked))
    }

    @Test("nobody else waits for such a fetch")
    func alone() {
        for wish in [CacheWish.bypass, .refresh] {
            var request = ask()
            #expect(mayCollapse(request, policy: .letter))
            request.wish = wish
            #expect(!mayCollapse(request, policy: .letter))
        }
    }
}
