public import Reactor

/// Which time of day the edge goes by.
public enum ClockSetting: Sendable, Equatable {
    /// The machine's.
    case system
    /// One that stands until it is told. Milliseconds since the epoch; nil: the time at its start.
    case manual(start: Int64?)

    /// The clock itself.
    ///
    /// - Parameter now: the machine's time, in milliseconds since the epoch.
    public func makeClock(at now: Int64) -> WallClock {
        switch self {
        case .system: .system
        case .manual(let start): WallClock(manual: start ?? now)
        }
    }
}

extension ValueForm where Value == ClockSetting {
    /// `system`, `manual` or `manual=2026-01-01T00:00:00Z`.
    static var clock: Self {
        Self { text throws(Complaint) in
            if text == "system" { return .system }
            if text == "manual" { return .manual(start: nil) }
            guard text.hasPrefix("manual="),
                let start = milliseconds(ofTimestamp: String(text.dropFirst("manual=".count)))
            else {
                throw Complaint(
                    "is no clock", "write system, manual, or manual=2026-01-01T00:00:00Z")
            }
            return .manual(start: start)
        }
    }
}

extension ValueForm where Value == Int64 {
    /// A moment in UTC, in milliseconds since the epoch.
    static var moment: Self {
        Self { text throws(Complaint) in
            guard let moment = milliseconds(ofTimestamp: text) else {
                throw Complaint("is no time", "write one in UTC, such as 2026-12-01T00:00:00Z")
            }
            return moment
        }
    }
}
