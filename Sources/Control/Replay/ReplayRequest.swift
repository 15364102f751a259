import Caching
import CloudFront
import Edge
import Reactor

/// One line of CloudFront's log that can be asked again.
struct ReplayRequest {
    /// `FILE:LINE`.
    let place: String
    /// When it began, as far as the log tells: to the second, less the time that it took.
    var moment: Milliseconds
    /// The second in which the log has it, that of its end.
    let logged: Milliseconds
    let method: String
    let host: String
    let target: String
    let location: String
    /// What CloudFront's `X-Cache` began with.
    let expected: String
    let status: Int
    /// Header fields that the log tells of, and behind them what a proxy that ends TLS tells of the
    /// viewer, in wire form.
    let fields: String
    /// The viewer spoke TLS.
    let isSecured: Bool
    /// The log has `-` for a cookie or a credential that was asked with.
    let hidesValues: Bool
    /// The first in these logs for its URL.
    var isFirst = true
    /// The first for its path, under whatever host and query.
    var isFirstOfPath = true
    /// The edge location of the one before it differs.
    var hasMoved = false
    /// How long ago, by the log, its URL was last fetched or confirmed; nil: not in these logs.
    var sinceFetch: Milliseconds?

    var url: String { host + target }
    /// What is one object under all hosts and queries, as far as its key does not tell them apart:
    /// the root is under the name of the root object, too.
    let path: Substring

    /// The host without a port: the name that TLS asks for.
    var serverName: String {
        if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
        return String(host.prefix { $0 != ":" })
    }

    /// The same URL with https, as an edge writes it that takes the request for plain http.
    var securedURL: String {
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : serverName[...]
        return "https://\(name)\(target)"
    }

    /// Why a line cannot be asked again.
    enum Omission: String, CaseIterable {
        case method = "other methods"
        case unanswered = "viewers who left"
        case tunnel = "WebSocket"
        case beyond = "answers of functions, Origin Shield or CloudFront's own limits"
        case plain = "plain http, for which --to names no address"
        case unreadable = "no log records"
    }

    /// - Parameters:
    ///   - asksPlain: there is somewhere to ask without TLS.
    ///   - rootObject: the distribution's DefaultRootObject.
    init(
        _ record: LogRecord, place: String, asksPlain: Bool, rootObject: String
    ) throws(ReplayOmission) {
        guard let moment = record.moment, let method = record.text(.method) else {
            throw ReplayOmission(.unreadable)
        }
        guard method == "GET" || method == "HEAD" else { throw ReplayOmission(.method) }
        guard record.text(.protocolName)?.hasPrefix("ws") != true else {
            throw ReplayOmission(.tunnel)
        }
        guard !Self.isBeyond(record) else { throw ReplayOmission(.beyond) }
        guard let status = record.number(.status), status > 0,
            let expected = Self.expectation(record)
        else { throw ReplayOmission(.unanswered) }
        let host = record.text(.hostHeader) ?? record.text(.distributionDomain) ?? ""
        guard Self.isPlain(host), Self.isPlain(record.target), record.target.hasPrefix("/") else {
            throw ReplayOmission(.unreadable)
        }
        isSecured = record.text(.protocolName) == "https"
        guard isSecured || asksPlain else { throw ReplayOmission(.plain) }
        self.place = place
        logged = moment
        self.moment = moment - (record.milliseconds(.timeTaken) ?? 0)
        self.method = method
        self.host = host
        target = record.target
        let path = record.target.prefix { $0 != "?" }
        self.path = path == "/" ? "/\(rootObject)" : path
        location = record.text(.edgeLocation) ?? ""
        self.expected = expected
        self.status = status
        fields = Self.fields(record, status) + Self.told(record)
        hidesValues = Self.hidesValues(record)
    }

    /// What made the answer is nothing that an edge has. CloudFront, "Standard logging reference",
    /// x-edge-result-type and x-edge-detailed-result-type.
    private static func isBeyond(_ record: LogRecord) -> Bool {
        let words: Set<String> = [
            "MissGeneratedResponse", "OriginShieldHit", "LimitExceeded", "CapacityExceeded",
        ]
        let fields: [LogField] = [.resultType, .responseResultType, .detailedResultType]
        return fields.contains { field in
            guard let word = record.text(field) else { return false }
            return words.contains(word) || word.hasPrefix("Lambda") || word.hasPrefix("Function")
        }
    }

    /// The type just before the answer was sent, where the viewer made an error of it later.
    private static func expectation(_ record: LogRecord) -> String? {
        let isViewers = record.text(.detailedResultType)?.hasPrefix("Client") == true
        return record.text(isViewers ? .responseResultType : .resultType)
    }

    /// What the log tells of the request, apart from its target: it may be part of the key.
    private static func fields(_ record: LogRecord, _ status: Int) -> String {
        var fields = ""
        let known: [(LogField, String)] = [
            (.userAgent, "User-Agent"), (.referer, "Referer"), (.cookie, "Cookie"),
        ]
        for (field, name) in known {
            guard let value = record.text(field),
                value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
            else { continue }
            fields += "\(name): \(value)\r\n"
        }
        if status == 206, let start = record.number(.rangeStart),
            let end = record.number(.rangeEnd)
        {
            fields += "Range: bytes=\(start)-\(end)\r\n"
        }
        return fields
    }

    /// The viewer's scheme and address, the latter behind what the viewer itself said of proxies.
    private static func told(_ record: LogRecord) -> String {
        var told = ""
        if let scheme = record.text(.protocolName), scheme == "http" || scheme == "https" {
            told += "X-Forwarded-Proto: \(scheme)\r\n"
        }
        if let address = record.text(.viewerAddress), SocketAddress(ip: address) != nil {
            let before = record.text(.forwardedFor).map { "\($0), " } ?? ""
            if before.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) {
                told += "X-Forwarded-For: \(before)\(address)\r\n"
            }
        }
        return told
    }

    /// Edges leave values out that CloudFront logs; see `LoggedSecrets`.
    private static func hidesValues(_ record: LogRecord) -> Bool {
        let cookies = record.text(.cookie)?.split(separator: ";") ?? []
        if cookies.contains(where: { $0.hasSuffix("=-") || $0.allSatisfy { " -".contains($0) } }) {
            return true
        }
        return record.text(.uriQuery)?.split(separator: "&").contains {
            $0.hasSuffix("=-") && SecretParameter.isSecret($0.dropLast(2))
        } ?? false
    }

    /// Whether it can stand in a request line.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 32 && $0 != 127 }
    }
}

/// A line is left out.
struct ReplayOmission: Error {
    let reason: ReplayRequest.Omission
    init(_ reason: ReplayRequest.Omission) { self.reason = reason }
}

/// The requests of some logs, in the order in which they began.
struct ReplayPlan {
    private(set) var requests: [ReplayRequest] = []
    private(set) var omissions: [ReplayRequest.Omission: Int] = [:]
    /// A line tells of cookies, as all do whose requests had some.
    private(set) var tellsCookies = false

    private let asksPlain: Bool
    private let rootObject: String

    /// Reads all files; keeps about 600 bytes for each request.
    ///
    /// - Parameters:
    ///   - asksPlain: there is somewhere to ask without TLS.
    ///   - rootObject: the distribution's DefaultRootObject; empty: none.
    init(
        _ paths: [String], asksPlain: Bool = true, rootObject: String = ""
    ) throws(CommandMistake) {
        self.asksPlain = asksPlain
        self.rootObject = rootObject
        for path in paths {
            for file in try LogSeries.files(at: path) { try read(file) }
        }
        if requests.isEmpty, omissions[.plain] != nil {
            throw CommandMistake(
                "all lines of \(paths.joined(separator: ", ")) are of plain http; name the "
                    + "edge's address without TLS with --to http://HOST:PORT")
        }
        guard !requests.isEmpty else {
            typealias Omission = ReplayRequest.Omission
            let counts = Omission.allCases.compactMap { reason in
                omissions[reason].map { "\($0) \(reason.rawValue)" }
            }
            throw CommandMistake(
                "there is no GET or HEAD to replay in \(paths.joined(separator: ", "))"
                    + (counts.isEmpty ? "" : " (left out: \(counts.joined(separator: ", ")))")
                    + "; name CloudFront's standard log files")
        }
        order()
    }

    private mutating func read(_ path: String) throws(CommandMistake) {
        let fd = try openLog(path)
        defer { closeLog(fd) }
        let name = path == "-" ? "standard input" : path
        var source = LogSource(name: name)
        var reader = LogReader()
        try source.read(fd) { line, number throws(CommandMistake) in
            let place = "\(name):\(number)"
            if line.first == "{" {
                throw CommandMistake(
                    "\(place): the line is JSON, which does not hold all that was asked; "
                        + "name CloudFront's standard log files (accessLog: format: cloudfront)")
            }
            switch reader.read(line) {
            case .none: break
            case .malformed: omissions[.unreadable, default: 0] += 1
            case .record(let record):
                if record.text(.cookie) != nil { tellsCookies = true }
                do throws(ReplayOmission) {
                    requests.append(
                        try ReplayRequest(
                            record, place: place, asksPlain: asksPlain, rootObject: rootObject))
                } catch {
                    omissions[error.reason, default: 0] += 1
                }
            }
        }
    }

    /// One second of one path.
    private struct Second: Hashable {
        var path: Substring
        var logged: Milliseconds
    }

    /// The order of a log's lines means nothing: they are sorted by when the request began. Among
    /// those of one millisecond it stays.
    private mutating func order() {
        let sorted = requests.enumerated().sorted {
            ($0.element.moment, $0.offset) < ($1.element.moment, $1.offset)
        }
        requests = sorted.map(\.element)
        putHitsLast()
        var last: [String: String] = [:]
        var paths: Set<Substring> = []
        var fetched: [String: Milliseconds] = [:]
        for index in requests.indices {
            let url = requests[index].url
            requests[index].isFirst = last[url] == nil
            requests[index].isFirstOfPath = paths.insert(requests[index].path).inserted
            requests[index].hasMoved = last[url].map { $0 != requests[index].location } ?? false
            last[url] = requests[index].location
            requests[index].sinceFetch = fetched[url].map { requests[index].moment - $0 }
            if requests[index].expected != "Hit" { fetched[url] = requests[index].moment }
        }
    }

    /// CloudFront logs no more than the second, within which the time that a request took says
    /// nothing: what was fetched or confirmed in it comes before what was hit in it. The places,
    /// and when they are due, stay those of the path's requests in that second.
    private mutating func putHitsLast() {
        var places: [Second: [Int]] = [:]
        for (index, request) in requests.enumerated() {
            let second = Second(path: request.path, logged: request.logged)
            places[second, default: []].append(index)
        }
        for places in places.values where places.count > 1 {
            let group = places.map { requests[$0] }
            let hits = group.filter { $0.expected == "Hit" }
            let ordered = group.filter { $0.expected != "Hit" } + hits
            for ((place, old), new) in zip(zip(places, group), ordered) {
                requests[place] = new
                requests[place].moment = old.moment
            }
        }
    }
}
