import Glibc

/// What an origin does when it is asked.
public struct Reply: Sendable {
    public enum Step: Sendable {
        case send([UInt8])
        /// Sends so many bytes of `Pattern`.
        case sendPattern(Int)
        case pass(Gate)
        /// Sends bytes and ends the connection in one: the end comes with the last of them.
        case sendAndEnd([UInt8])
        /// Ends the connection in order.
        case close
        /// Ends it with a reset.
        case reset
        /// Echoes what arrives until the peer ends: the far side of a tunnel.
        case echo
    }

    public var steps: [Step]
    /// Answers before it has read the request's body, and reads none of it.
    public var answersEarly = false
    public var status: Int
    /// The body that a viewer should get, where that is known.
    public var body: String
    private let made = time(nil)

    public init(_ steps: [Step], status: Int = 0, body: String = "", answersEarly: Bool = false) {
        self.steps = steps
        self.status = status
        self.body = body
        self.answersEarly = answersEarly
    }

    /// Exactly these bytes.
    public static func raw(_ text: String, _ then: Step...) -> Reply {
        Reply([.send(Array(text.utf8))] + then)
    }

    /// A response with `Date` and the framing it needs, unless the fields bring their own.
    ///
    /// - Parameters:
    ///   - fields: whole field lines. `"-Date"` leaves Date out.
    ///   - body: nil gives each reply a body that no other has.
    public static func response(
        _ status: Int, _ fields: [String] = [], body: String? = nil
    ) -> Reply {
        let hasBody = status != 304 && status != 204
        let body = body ?? (hasBody ? "body \(Serial.next()) of status \(status)" : "")
        var lines = ["HTTP/1.1 \(status) Fine"]
        let names = fields.map { $0.prefix { $0 != ":" }.lowercased() }
        if !names.contains("date"), !names.contains("-date") { lines.append("Date: \(date())") }
        lines += fields.filter { !$0.hasPrefix("-") }
        if hasBody, !names.contains("content-length"), !names.contains("transfer-encoding") {
            lines.append("Content-Length: \(body.utf8.count)")
        }
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
        return Reply([.send(Array(text.utf8))], status: status, body: body)
    }

    public static func ok(_ fields: String..., body: String? = nil) -> Reply {
        response(200, fields, body: body)
    }

    /// A body of `Pattern`, of any length.
    public static func pattern(_ count: Int, _ fields: String...) -> Reply {
        var reply = response(200, fields + ["Content-Length: \(count)"], body: "")
        reply.steps.append(.sendPattern(count))
        return reply
    }

    /// The same with its times as if it were made only now: a table is made when the tests begin,
    /// and its last row may run many minutes later.
    ///
    /// - Parameter fields: those whose dates are moved.
    public func asOfNow(_ fields: Set<String> = ["Expires"]) -> Reply {
        let delay = time(nil) - made
        guard delay > 0 else { return self }
        var reply = self
        reply.steps = steps.map { step in
            guard case .send(let bytes) = step else { return step }
            return .send(moved(bytes, fields, by: delay))
        }
        return reply
    }

    private func moved(_ bytes: [UInt8], _ fields: Set<String>, by delay: Int) -> [UInt8] {
        // What is no text is sent as it is.
        guard let text = String(validating: bytes, as: UTF8.self) else { return bytes }
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let end = lines.firstIndex(of: "") else { return bytes }
        let head = lines[..<end].map { line -> String in
            let parts = line.split(separator: ": ", maxSplits: 1)
            guard parts.count == 2, fields.contains(String(parts[0])) else { return String(line) }
            guard let time = seconds(ofDate: parts[1]) else { return String(line) }
            return "\(parts[0]): \(date(time + delay - Glibc.time(nil)))"
        }
        return Array((head + lines[end...].map(String.init)).joined(separator: "\r\n").utf8)
    }

    /// The same, once a gate is open.
    public func held(by gate: Gate) -> Reply {
        var reply = self
        reply.steps.insert(.pass(gate), at: 0)
        return reply
    }

    /// The same, with steps behind it.
    public func then(_ more: Step...) -> Reply {
        var reply = self
        reply.steps += more
        return reply
    }

    /// The same, sent while the request's body is still on its way.
    public func early() -> Reply {
        var reply = self
        reply.answersEarly = true
        return reply
    }
}

/// What `date` wrote, as seconds since 1970.
private func seconds(ofDate text: Substring) -> Int? {
    let parts = text.split(whereSeparator: { $0 == " " || $0 == ":" })
    guard parts.count == 8, parts[7] == "GMT", let day = Int32(parts[1]),
        let month = months.firstIndex(of: parts[2]),
        let year = Int32(parts[3]), let hour = Int32(parts[4]), let minute = Int32(parts[5]),
        let second = Int32(parts[6])
    else { return nil }
    var time = tm()
    (time.tm_mday, time.tm_mon, time.tm_year) = (day, Int32(month), year - 1_900)
    (time.tm_hour, time.tm_min, time.tm_sec) = (hour, minute, second)
    return timegm(&time)
}

private let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]

/// An HTTP date so many seconds from now.
public func date(_ seconds: Int = 0) -> String {
    var now = time(nil) + seconds
    var parts = tm()
    gmtime_r(&now, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
        + "\(1900 + parts.tm_year) \(two(parts.tm_hour)):\(two(parts.tm_min)):"
        + "\(two(parts.tm_sec)) GMT"
}
