import Dispatch
import Edge
import Synchronization
import Testing

@testable import Control

@Suite("Recorder: what the loops were told last is what is so")
struct RecorderTests {
    /// Loops that are told what to write on.
    private final class Loops: Sendable {
        private let told = Mutex<[Tape?]>([])

        var all: [Tape?] { told.withLock { $0 } }
        var last: Tape? { told.withLock { $0.last ?? nil } }

        func tell(_ tape: Tape?) -> Bool {
            told.withLock { $0.append(tape) }
            return true
        }

        /// One of them hangs.
        func fail(_ tape: Tape?) -> Bool { !tell(tape) }
    }

    private let loops = Loops()

    @Test("one that is forgotten ends after an hour, and a new one takes its place")
    func expires() throws {
        let recorder = Recorder()
        let start = ContinuousClock.now
        let first = try #require(recorder.begin(at: start, loops.tell))
        #expect(recorder.tape === first)
        let second = try #require(recorder.begin(at: start, loops.tell))
        #expect(recorder.tape === second && first !== second)
        let end = start + Recorder.longest
        #expect(recorder.expire(at: end - .seconds(1), loops.tell) == nil)
        #expect(loops.last === second)
        #expect(recorder.expire(at: end, loops.tell) == .old)
        #expect(recorder.tape == nil && loops.last == nil)
        #expect(recorder.end(loops.tell) == nil)
    }

    @Test("when a loop hangs nobody records, whatever was told before")
    func fails() throws {
        let recorder = Recorder()
        _ = try #require(recorder.begin(at: .now, loops.tell))
        #expect(recorder.begin(at: .now, loops.fail) == nil)
        #expect(recorder.tape == nil)
        let all = loops.all
        #expect(all.count == 3 && all[1] != nil && all[2] == nil)
    }

    @Test("what was taken can be taken again until it was handed over")
    func isKept() throws {
        let recorder = Recorder()
        let tape = try #require(recorder.begin(at: .now, loops.tell))
        recorder.forget()
        #expect(recorder.tape === tape)
        #expect(recorder.end(loops.tell) === tape && recorder.tape == nil)
        #expect(recorder.end(loops.tell) === tape)
        #expect(loops.all.count == 2)
        recorder.forget()
        #expect(recorder.end(loops.tell) == nil)
    }

    @Test("a full tape is taken off the loops once, and kept")
    func isFull() throws {
        var limits = RecordingLimits()
        limits.tape.entries = 1
        let recorder = Recorder(limits: limits)
        let tape = try #require(recorder.begin(at: .now, loops.tell))
        tape.noteInvalidation(["/a"], isSoft: false, at: 0)
        #expect(!tape.isFull && recorder.expire(at: .now, loops.tell) == nil)
        tape.noteInvalidation(["/b"], isSoft: false, at: 0)
        #expect(tape.isFull && recorder.expire(at: .now, loops.tell) == .full)
        #expect(recorder.expire(at: .now, loops.tell) == nil)
        #expect(loops.all.count == 2 && loops.last == nil)
        #expect(recorder.end(loops.tell) === tape && tape.entries.count == 1)
        #expect(loops.all.count == 2)
    }

    @Test("of many that begin and end at once the last word is the same on both sides")
    func races() {
        let recorder = Recorder()
        let loops = loops
        for _ in 0..<50 {
            DispatchQueue.concurrentPerform(iterations: 8) { number in
                if number.isMultiple(of: 2) {
                    _ = recorder.begin(at: .now, loops.tell)
                } else {
                    _ = recorder.end(loops.tell)
                }
            }
            #expect(recorder.tape === loops.last)
        }
    }
}
