import Testing

@testable import Edge

@Suite("When URLs were first seen")
struct FirstSightsTests {
    @Test("the first time stays, and each URL has its own")
    func first() {
        var sights = FirstSights()
        #expect(sights.moment(of: 7 << 8) == nil)
        sights.note(7 << 8, at: 100)
        sights.note(7 << 8, at: 200)
        sights.note(8 << 8, at: 300)
        #expect(sights.moment(of: 7 << 8) == 100 && sights.moment(of: 8 << 8) == 300)
        #expect(sights.moment(of: 0) == nil)
    }

    @Test("of two in one place the later stays; a clock that was set back begins anew")
    func replaced() {
        var sights = FirstSights()
        let (one, other) = (UInt64(3) << 8, UInt64(3 + FirstSights.places) << 8)
        sights.note(one, at: 100)
        sights.note(other, at: 200)
        #expect(sights.moment(of: one) == nil && sights.moment(of: other) == 200)
        sights.note(other, at: 50)
        #expect(sights.moment(of: other) == 50)
    }
}
