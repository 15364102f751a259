import Yams

extension AdminClient {
    /// `GET /clock`: the time that the edge goes by, for people: `2026-… (manual)`.
    public func showClock() throws(AdminClientError) -> String {
        try clock("GET", "/clock")
    }

    /// Moves the edge's clock. When this returns, all loops go by the time that it returns.
    public func moveClock(_ move: ClockMove) throws(AdminClientError) -> String {
        switch move {
        case .advance(let milliseconds):
            try clock("POST", "/clock/advance?by=\(milliseconds)ms")
        case .set(let time): try clock("POST", "/clock/set?to=\(timestampText(time))")
        }
    }

    private func clock(
        _ method: String, _ target: String
    ) throws(AdminClientError) -> String {
        let answer = try exchange(method, target, within: .seconds(10))
        let text = String(decoding: answer.body, as: UTF8.self)
        switch answer.status {
        case 200:
            // YAML holds JSON, and the reader for it is here already.
            guard let node = try? Yams.compose(yaml: text), let time = node["time"]?.string,
                let clock = node["clock"]?.string
            else { throw unexpected(answer) }
            return "\(time) (\(clock))"
        case 400, 403, 409, 503:
            throw AdminClientError(text.split(separator: "\n").first.map(String.init) ?? "?")
        default: throw unexpected(answer)
        }
    }
}
