import Edge
import Reactor
import Testing

@testable import Control

@Suite("Recording: loops that hang when it begins")
struct RecordingStartTests {
    @Test("nobody records then, and once they run they do as they were told last")
    func hangs() throws {
        let directory = try CacheDirectory(nil)
        defer { directory.removeIfTemporary() }
        let read = reading(
            "listen: \"127.0.0.1:0\"\nloops: 2\n"
                + "origins: { default: { members: [\"http://127.0.0.1:1\"] } }\n")
        #expect(read.isUsable)
        let store = try Store.open(
            StoreSettings(directory: directory.path, mapBytes: 32 << 20)
        ) { _ in }
        let server = try Server(
            settings: read.configuration.settings, store: store,
            clock: read.configuration.clock.makeClock(at: 0), events: SilentObserver())
        let recorder = Recorder()
        // No loop runs yet: whoever asks them waits in vain.
        let none = recorder.begin(at: .now) { server.record(on: $0, within: 1) }
        #expect(none == nil && recorder.tape == nil)
        server.start()
        let tape = recorder.begin(at: .now) { server.record(on: $0, within: 60_000) }
        #expect(tape != nil && recorder.tape === tape)
        #expect(recorder.end { server.record(on: $0, within: 60_000) } === tape)
        server.stop(deadline: 0)
        server.waitUntilStopped()
    }
}
