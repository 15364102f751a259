public import HTTP

/// Why a request was refused, as `/metrics` tells it: one count for each reason.
public enum RejectionRule: Sendable {
    /// The head breaks a rule, or a limit.
    case head(HeadRejection)
    /// The chunks of the body do.
    case chunk(ChunkError)
    /// The connection should begin with a PROXY header, and does not.
    case proxyHeader
    /// The mode forbids the method, or a body where there is one.
    case notAllowed
    /// A map's parameters contradict each other, and servers differ in which of them they take.
    case mapAmbiguous

    /// What requests can be refused for. Some rejections concern responses only.
    static let all: [RejectionRule] =
        HeadRejection.allCases.filter { $0 != .statusLineMalformed && $0 != .bodyNotAllowed }
        .map { .head($0) } + ChunkError.allCases.map { .chunk($0) } + [
            .proxyHeader, .notAllowed, .mapAmbiguous,
        ]

    static let slotCount = HeadRejection.allCases.count + ChunkError.allCases.count + 3

    /// Its place among a loop's counters.
    var slot: Int {
        let (heads, chunks) = (HeadRejection.allCases.count, ChunkError.allCases.count)
        return switch self {
        case .head(let rejection): Int(rejection.rawValue)
        case .chunk(let error): heads + Int(error.rawValue)
        case .proxyHeader: heads + chunks
        case .notAllowed: heads + chunks + 1
        case .mapAmbiguous: heads + chunks + 2
        }
    }

    /// The value of the `rule` label.
    var name: StaticString {
        switch self {
        case .head(let rejection): rejection.counterName
        case .chunk(let error): error.counterName
        case .proxyHeader: "proxy_header_malformed"
        case .notAllowed: "request_not_allowed"
        case .mapAmbiguous: "map_ambiguous"
        }
    }
}

extension Server {
    /// The refusals of all loops, by rule.
    static func rejections(_ loops: [LoopCounters]) -> [CounterSample] {
        RejectionRule.all.map { rule in
            CounterSample(
                name: "mapedge_requests_rejected_total",
                help:
                    "requests refused for framing, syntax, size or meaning, by the rule they break",
                kind: .counter, labels: [("rule", rule.name.description)],
                value: Double(loops.reduce(0) { $0 + $1.value(rule) }))
        }
    }
}
