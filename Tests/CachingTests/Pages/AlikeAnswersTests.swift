import Caching
import Testing

@Suite("Pages that start sessions: what their answers prove")
struct AlikeAnswersTests {
    private static let page = CacheKey(high: 1, low: 1)
    private static let hour: Milliseconds = 3_600_000

    /// One answer: its text, its session, the invalidation it was asked after, and the latest one
    /// that touches the page.
    private static func answer(
        _ text: UInt64, _ session: UInt64, after invalidation: UInt64 = 0, least: UInt64 = 0
    ) -> AlikeAnswers.Answer {
        AlikeAnswers.Answer(
            fingerprint: CacheKey(high: 0, low: text), session: session,
            invalidation: invalidation, least: least)
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var needed = 2
        /// When, and what.
        var answers: [(Milliseconds, AlikeAnswers.Answer)]
        var verdicts: [AlikeAnswers.Verdict]
    }

    private static let cases = [
        Case(
            testDescription: "two alike are enough, and all alike from then on",
            answers: [(0, answer(7, 1)), (1, answer(7, 2)), (2, answer(7, 3)), (3, answer(7, 3))],
            verdicts: [.unproved(1), .proved, .proved, .proved]),
        Case(
            testDescription: "less than two are not asked for", needed: 0,
            answers: [(0, answer(7, 1)), (1, answer(7, 2))], verdicts: [.unproved(1), .proved]),
        Case(
            testDescription: "as many as are asked for", needed: 4,
            answers: (1...4).map { (0, answer(7, $0)) },
            verdicts: [.unproved(1), .unproved(2), .unproved(3), .proved]),
        Case(
            testDescription: "a session that is given twice counts once", needed: 3,
            answers: [1, 2, 1, 2, 3].map { (0, answer(7, $0)) },
            verdicts: [.unproved(1), .unproved(2), .unproved(2), .unproved(2), .proved]),
        Case(
            testDescription: "never the same twice: it rests for longer and longer",
            answers: [
                (0, answer(1, 1)), (1, answer(2, 2)), (60_000, answer(2, 3)),
                (60_001, answer(3, 4)), (60_002, answer(3, 5)), (180_000, answer(3, 6)),
                (180_001, answer(3, 7)),
            ],
            verdicts: [
                .unproved(1), .differs, .rests(until: 60_001), .differs, .rests(until: 180_001),
                .rests(until: 180_001), .proved,
            ]),
        Case(
            testDescription: "what was proved and is another one begins anew at once",
            answers: [(0, answer(1, 1)), (1, answer(1, 2)), (2, answer(2, 3)), (3, answer(2, 4))],
            verdicts: [.unproved(1), .proved, .differs, .proved]),
        Case(
            testDescription: "what comes back after something else rests for an hour",
            answers: [
                (0, answer(1, 1)), (1, answer(1, 2)), (2, answer(2, 3)), (3, answer(1, 4)),
                (4, answer(1, 5)), (hour + 2, answer(1, 6)), (hour + 3, answer(1, 7)),
            ],
            verdicts: [
                .unproved(1), .proved, .differs, .differs, .rests(until: hour + 3),
                .rests(until: hour + 3), .proved,
            ]),
        Case(
            testDescription: "a write is reason enough to be another one",
            answers: [
                (0, answer(1, 1)), (1, answer(2, 2, after: 5, least: 5)),
                (2, answer(2, 3, after: 5, least: 5)), (3, answer(1, 4, after: 6, least: 6)),
                (4, answer(1, 5, after: 6, least: 6)),
            ],
            verdicts: [.unproved(1), .unproved(1), .proved, .unproved(1), .proved]),
        Case(
            testDescription: "what a write has left as it was stays proved",
            answers: [(0, answer(1, 1)), (1, answer(1, 2)), (2, answer(1, 3, after: 5, least: 5))],
            verdicts: [.unproved(1), .proved, .proved]),
        Case(
            testDescription: "what was asked for before a write says nothing",
            answers: [
                (0, answer(1, 1, after: 5, least: 5)), (1, answer(2, 2, after: 4, least: 5)),
                (2, answer(1, 3, after: 5, least: 5)),
            ],
            verdicts: [.unproved(1), .unproved(0), .proved]),
        Case(
            testDescription: "what nobody asked for in two hours is forgotten",
            answers: [
                (0, answer(1, 1)), (AlikeAnswers.lifetime, answer(1, 2)),
                (AlikeAnswers.lifetime + 1, answer(1, 3)),
            ],
            verdicts: [.unproved(1), .unproved(1), .proved]),
    ]

    @Test("one answer after the other", arguments: cases)
    private func judge(_ given: Case) {
        var answers = AlikeAnswers()
        let verdicts = given.answers.map { now, answer in
            answers.judge(Self.page, answer, needed: given.needed, at: now)
        }
        #expect(verdicts == given.verdicts)
    }

    @Test("no rest is longer than an hour, and after a quiet time they begin anew")
    func rests() throws {
        var (answers, now) = (AlikeAnswers(), 0 as Milliseconds)
        var rests: [Milliseconds] = []
        for text in UInt64(0)..<12 {
            _ = answers.judge(Self.page, Self.answer(text, text), needed: 2, at: now)
            if case .rests(let until) = answers.verdict(of: Self.page, needed: 2, at: now) {
                rests.append(until - now)
                now = until
            }
        }
        let minutes: [Milliseconds] = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
        #expect(rests == minutes.map { $0 * 60_000 })
        // Looked at now and then it is still known, and was well behaved for long.
        let quiet = now + AlikeAnswers.lifetime
        for at in stride(from: now, through: quiet, by: Int(Self.hour)) {
            _ = answers.judge(Self.page, Self.answer(11, 50), needed: 4, at: at)
        }
        _ = answers.judge(Self.page, Self.answer(12, 51), needed: 4, at: quiet)
        #expect(
            answers.verdict(of: Self.page, needed: 4, at: quiet)
                == .rests(until: quiet + AlikeAnswers.leastRest))
    }

    @Test("what is told of a page changes nothing")
    func told() {
        var answers = AlikeAnswers()
        #expect(answers.verdict(of: Self.page, needed: 2, at: 0) == nil)
        _ = answers.judge(Self.page, Self.answer(1, 1), needed: 2, at: 0)
        #expect(answers.verdict(of: Self.page, needed: 2, at: 0) == .unproved(1))
        _ = answers.judge(Self.page, Self.answer(1, 2), needed: 2, at: 0)
        #expect(answers.verdict(of: Self.page, needed: 2, at: 0) == .proved)
        #expect(answers.verdict(of: Self.page, needed: 3, at: 0) == .unproved(2))
        #expect(answers.verdict(of: Self.page, needed: 2, at: AlikeAnswers.lifetime) == nil)
    }

    @Test("where there is no place left what does not rest is forgotten, and nothing is shared")
    func full() {
        var answers = AlikeAnswers()
        let other = CacheKey(high: 2, low: 2)
        for text in UInt64(1)...2 {
            _ = answers.judge(other, Self.answer(text, text), needed: 2, at: 0)
        }
        for number in 0..<UInt64(3 * AlikeAnswers.places) {
            let page = CacheKey(high: 3, low: number)
            let verdict = answers.judge(page, Self.answer(1, 1), needed: 2, at: 1)
            #expect(verdict == .unproved(1))
            #expect(answers.count <= AlikeAnswers.places)
        }
        #expect(answers.verdict(of: other, needed: 2, at: 2) == .rests(until: 60_000))
        #expect(answers.verdict(of: CacheKey(high: 3, low: 0), needed: 2, at: 2) == nil)
        // Where all rest, all are forgotten: the memory has an end.
        for number in 0..<UInt64(2 * AlikeAnswers.places) {
            for text in UInt64(1)...2 {
                let page = CacheKey(high: 4, low: number)
                _ = answers.judge(page, Self.answer(text, text), needed: 2, at: 3)
            }
            #expect(answers.count <= AlikeAnswers.places)
        }
    }
}
