/// One expectation: what is looked at, what it must be, and the line that says so.
public struct Check: Sendable {
    public enum Subject: Sendable, Hashable {
        case status
        /// The result type; one word is compared with the first word of the field.
        case xCache
        case header(String)
        case body
        case size
        /// Whether the answer broke off before its end.
        case isCut
        /// Milliseconds from the request to the end of the answer.
        case time
        /// Of an invalidation: `accepted` or `refused`.
        case outcome
        /// Requests of this step that an origin saw; nil: all origins.
        case requests(origin: String?)
        /// Of the last of them.
        case sent(Sent, origin: String?)
    }

    /// A part of the request that an origin saw.
    public enum Sent: Sendable, Hashable { case method, path, body, header(String) }

    public enum Wanted: Sendable, Hashable {
        case text(String)
        case absent
        case present
        case containing(String)
        /// A number within bounds.
        case within(ClosedRange<Int>)
    }

    public var subject: Subject
    public var wanted: Wanted
    public var line: Int

    public init(_ subject: Subject, _ wanted: Wanted, line: Int) {
        self.subject = subject
        self.wanted = wanted
        self.line = line
    }

    /// Whether what was found is what was wanted; nil is what is not there.
    func holds(for found: String?) -> Bool {
        switch wanted {
        case .absent: return found == nil
        case .present: return found != nil
        case .containing(let part): return found?.contains(part) ?? false
        case .within(let range): return found.flatMap { Int($0) }.map(range.contains) ?? false
        case .text(let text):
            if subject == .xCache, !text.contains(" ") {
                return found?.split(separator: " ").first.map { String($0) } == text
            }
            return found == text
        }
    }
}

extension Check.Subject: CustomStringConvertible {
    public var description: String {
        switch self {
        case .status: "status"
        case .xCache: "X-Cache"
        case .header(let name): "header \(name)"
        case .body: "body"
        case .size: "size of the body"
        case .isCut: "the answer broke off"
        case .time: "milliseconds until the answer"
        case .outcome: "invalidation"
        case .requests(let origin): "requests that \(Self.name(origin)) saw"
        case .sent(let part, let origin):
            switch part {
            case .method: "method that \(Self.name(origin)) saw"
            case .path: "path that \(Self.name(origin)) saw"
            case .body: "body that \(Self.name(origin)) saw"
            case .header(let name): "header \(name) that \(Self.name(origin)) saw"
            }
        }
    }

    private static func name(_ origin: String?) -> String {
        origin.map { "origin \($0)" } ?? "the origin"
    }
}

extension Check.Wanted: CustomStringConvertible {
    public var description: String {
        switch self {
        case .text(let text): text
        case .absent: "nothing"
        case .present: "anything"
        case .containing(let part): "something with \(part)"
        case .within(let range):
            range.upperBound == .max
                ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        }
    }
}
