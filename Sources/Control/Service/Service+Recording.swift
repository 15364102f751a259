import Edge
import Reactor
import Synchronization

// What `mapedge scenario record` makes happen.
extension Service {
    /// How long loops may take to follow.
    private static let patience = 5_000

    public func beginRecording() throws(RecordingRefusal) {
        let server = try recordable()
        guard recorder.begin(at: .now, telling(server)) != nil else {
            throw RecordingRefusal(
                status: 503,
                text: "not every loop records: the edge starts, stops or hangs; "
                    + "look at /readyz")
        }
        note("somebody records what passes; it ends with \"mapedge scenario record\"")
    }

    public func endRecording(
        named name: String?, pattern: String?, showsSecrets: Bool
    ) throws(RecordingRefusal) -> String {
        let server = try recordable()
        guard let tape = recorder.end(telling(server)) else {
            throw RecordingRefusal(
                status: 409, text: "nobody records; begin with \"mapedge scenario record\"")
        }
        note("the recording has ended")
        return scenario(of: tape, named: name, pattern: pattern, showsSecrets: showsSecrets)
    }

    public func lookBack(
        last: Int64, named name: String?, pattern: String?, showsSecrets: Bool
    ) throws(RecordingRefusal) -> String {
        let server = try recordable()
        guard state.withLock({ $0.configuration.settings.lookBackBytes }) > 0 else {
            throw RecordingRefusal(
                status: 409,
                text: "the edge keeps nothing of what has passed; give it limits.lookBack, or "
                    + "leave --last out and ask it again")
        }
        guard let tape = server.lookBack(last: last, within: Self.patience) else {
            throw RecordingRefusal(
                status: 503,
                text: "not every loop tells what has passed: the edge starts, stops or hangs; "
                    + "look at /readyz")
        }
        note("somebody asked for what has passed")
        return scenario(of: tape, named: name, pattern: pattern, showsSecrets: showsSecrets)
    }

    private func scenario(
        of tape: Tape, named name: String?, pattern: String?, showsSecrets: Bool
    ) -> String {
        var wish = RecordedScenario.Wish()
        wish.name = name ?? "Recorded at \(timestampText(clock.now))"
        (wish.pattern, wish.showsSecrets) = (pattern, showsSecrets)
        wish.hasManualClock = clock.isManual
        let configuration = state.withLock { $0.configuration }
        var scenario = RecordedScenario(
            tape, RecordedStage(configuration), wish, limits: recorder.limits)
        return scenario.written()
    }

    public func recordingWasSent() { recorder.forget() }

    /// Ends one that was forgotten, and takes a full one off the loops; called now and then.
    func expireRecording(_ server: Server) {
        switch recorder.expire(at: .now, telling(server)) {
        case .old: note("the recording has ended: an hour is over")
        case .full: note("the recording is full; take it with \"mapedge scenario record\"")
        case nil: break
        }
    }

    private func telling(_ server: Server) -> Recorder.Telling {
        { server.record(on: $0, within: Self.patience) }
    }

    private func recordable() throws(RecordingRefusal) -> Server {
        let (server, isLocal) = state.withLock { ($0.server, $0.isAdminLocal) }
        guard isLocal else {
            throw RecordingRefusal(
                status: 403,
                text: "the admin port can be reached from other machines, which are not told what "
                    + "viewers ask; bind admin to 127.0.0.1")
        }
        guard let server else {
            throw RecordingRefusal(status: 503, text: "the edge is still starting; try again")
        }
        return server
    }

    private func note(_ text: String) { observer.note(EdgeEvent(.notice, "record", text)) }
}

/// Why nothing is recorded: a status of HTTP and a line that ends with what to do.
public struct RecordingRefusal: Error, Equatable {
    public var status: Int
    public var text: String

    public init(status: Int, text: String) {
        self.status = status
        self.text = text
    }
}
