import Reactor

// The time that the edge goes by: GET /clock, POST /clock/advance and POST /clock/set.
extension AdminRoutes {
    func showClock() -> AdminResponse { shown(subject.clockControl.clock.now) }

    /// - Parameters:
    ///   - name: of the query's parameter.
    ///   - read: makes of its value what to do.
    func moveClock(
        _ request: AdminRequest, _ name: String,
        _ read: (String) throws(AdminClientError) -> ClockMove
    ) -> AdminResponse {
        if let refusal = acting(request) { return refusal }
        guard let value = request.parameter(name) else {
            return AdminResponse(400, "the query lacks \(name); add ?\(name)=VALUE")
        }
        let move: ClockMove
        do throws(AdminClientError) { move = try read(value) } catch {
            return AdminResponse(400, error.description)
        }
        do throws(ClockRefusal) {
            return shown(try subject.clockControl.move(move))
        } catch {
            return AdminResponse(error.status, error.text)
        }
    }

    private func shown(_ time: Int64) -> AdminResponse {
        let clock = subject.clockControl.clock.isManual ? "manual" : "system"
        let fields: JSON = .object([
            ("clock", .text(clock)), ("time", .text(timestampText(time))),
        ])
        return AdminResponse(200, type: "application/json", Array((fields.encoded + "\n").utf8))
    }
}
