public import Reactor

/// What is asked of a manual clock.
public enum ClockMove: Sendable, Equatable {
    /// Forward by so many milliseconds.
    case advance(by: Int64)
    /// To this time, in milliseconds since the epoch.
    case set(to: Int64)

    /// - Parameter duration: `24h`, `1m30s`; a plain number is seconds.
    /// - Throws: what is wrong with it, in one line.
    public init(advance duration: String) throws(AdminClientError) {
        let form = ValueForm<Int64>.duration(0...(.max))
        self = .advance(by: try Self.parse(duration, form, named: "the duration"))
    }

    /// - Parameter time: `2026-12-01T00:00:00Z`.
    /// - Throws: what is wrong with it, in one line.
    public init(set time: String) throws(AdminClientError) {
        self = .set(to: try Self.parse(time, .moment, named: "the time"))
    }

    private static func parse(
        _ text: String, _ form: ValueForm<Int64>, named name: String
    ) throws(AdminClientError) -> Int64 {
        do throws(Complaint) { return try form.parse(text) } catch {
            throw AdminClientError(
                "\(name) is \"\(printable(text))\", which \(error.problem); \(error.remedy)")
        }
    }
}

/// The clock of a running edge, and the way to move it.
public struct ClockControl: Sendable {
    public let clock: WallClock
    /// Whether only this machine reaches the admin port.
    let isLocal: Bool
    /// Has all loops go by the clock as it stands, and waits for them; false if one did not.
    let spread: @Sendable () -> Bool

    public init(
        _ clock: WallClock, isLocal: Bool, spread: @escaping @Sendable () -> Bool
    ) {
        self.clock = clock
        self.isLocal = isLocal
        self.spread = spread
    }

    /// Moves the clock. When this returns, every loop goes by the new time.
    ///
    /// - Returns: the new time, in milliseconds since the epoch.
    func move(_ move: ClockMove) throws(ClockRefusal) -> Int64 {
        guard isLocal else {
            throw ClockRefusal(
                status: 403,
                text: "the clock is not moved over a port that other machines can reach; "
                    + "bind admin to 127.0.0.1")
        }
        let time: Int64
        do throws(WallClockError) {
            switch move {
            case .advance(let milliseconds): time = try clock.advance(by: milliseconds)
            case .set(let moment): time = try clock.set(to: moment)
            }
        } catch { throw ClockRefusal(error) }
        guard spread() else {
            throw ClockRefusal(
                status: 503,
                text: "the clock stands at \(timestampText(time)), but not every loop goes by it "
                    + "yet: the edge starts, stops or hangs; look at /readyz")
        }
        return time
    }
}

/// Why the clock was not moved, or not for all: a status of HTTP and a line that ends with what
/// to do.
struct ClockRefusal: Error, Equatable {
    var status: Int
    var text: String
}

extension ClockRefusal {
    init(_ error: WallClockError) {
        status = 409
        text =
            switch error {
            case .notManual:
                "the edge goes by the machine's clock, which it does not move; "
                    + "start it with --clock manual"
            case .backwards(let now):
                "the clock stands at \(timestampText(now)) and is never set back, since an Age "
                    + "may not fall; name a later time, or restart the edge with an empty cache"
            case .tooLate:
                "HTTP has no dates after \(timestampText(WallClock.latest)); name an earlier time"
            }
    }
}
