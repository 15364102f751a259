import CloudFront
import Testing

/// Source: CloudFront, "Values in the distribution settings" and "Quotas"; CloudFront API
/// Reference, "Origin", "CustomOriginConfig", "OriginGroupFailoverCriteria".
@Suite("What a distribution may say: both sides of each limit")
struct DistributionLimitTests {
    /// A whole document; whether it is taken, and whether it is warned of.
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var isTaken: Bool
        var isWarned = false

        init(_ name: String, _ isTaken: Bool, _ text: String) {
            (testDescription, self.text, self.isTaken) = (name, text, isTaken)
        }
    }

    /// An origin with further members, each with a comma before it; `custom` goes into its
    /// CustomOriginConfig.
    private static func origin(
        _ more: String = "", custom: String = "", id: String = "maps"
    ) -> String {
        """
        {"Id": "\(id)", "DomainName": "maps.example.org"\(more), "CustomOriginConfig":
          {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"\(custom)}}
        """
    }

    private static func items(_ items: [String]) -> String {
        #"{"Quantity": \#(items.count), "Items": [\#(items.joined(separator: ", "))]}"#
    }

    private static let ranges: [(name: String, range: ClosedRange<Int>)] = [
        ("ConnectionAttempts", 1...3), ("ConnectionTimeout", 1...10),
        ("OriginReadTimeout", 1...120), ("OriginKeepaliveTimeout", 1...120),
    ]
    private static let numbers: [Row] = ranges.flatMap { name, range in
        [range.lowerBound - 1, range.lowerBound, range.upperBound, range.upperBound + 1].map {
            value -> Row in
            let member = ", \"\(name)\": \(value)"
            let given = name.hasPrefix("Origin") ? origin(custom: member) : origin(member)
            return Row(
                "\(name) \(value)", range.contains(value), Documents.distribution(origin: given))
        }
    }

    private static let originPaths: [(String, Bool)] = [
        ("", true), ("/a", true), ("/a/", false), ("a", false), ("/", false),
        ("/" + String(repeating: "a", count: 254), true),
        ("/" + String(repeating: "a", count: 255), false),
    ]
    private static let paths: [Row] = originPaths.map { path, isTaken in
        Row(
            "OriginPath \(path.prefix(9)), \(path.count) characters", isTaken,
            Documents.distribution(origin: origin(", \"OriginPath\": \"\(path)\"")))
    }

    private static let rootObjects: [Row] = [(255, true), (256, false)].map { count, isTaken in
        Row(
            "DefaultRootObject of \(count) characters", isTaken,
            Documents.distribution(
                ", \"DefaultRootObject\": \"\(String(repeating: "a", count: count))\""))
    }

    private static let allowed = "azAZ09_-.*?$/~\"'@:+&".map { "/\($0)" }
    private static let forbidden = "%#;=!( \\é".map { "/\($0)" }
    private static let patterns: [Row] =
        (allowed + forbidden + [254, 255].map { "/" + String(repeating: "a", count: $0) }).map {
            pattern in
            let escaped = pattern.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
            return Row(
                "PathPattern \(pattern.prefix(9)), \(pattern.count) characters",
                pattern.count <= 255 && !forbidden.contains(pattern),
                Documents.distribution(
                    ", \"CacheBehaviors\": "
                        + items(["{\"PathPattern\": \"\(escaped)\", \(Documents.behavior)}"])))
        }

    private static let failoverCodes = [400, 403, 404, 416, 429, 500, 502, 503, 504]
    private static let failovers: [Row] =
        ((failoverCodes + [401, 405, 410, 501, 505]).map { [$0] } + [failoverCodes, []]).map {
            codes in
            let group = """
                {"Id": "pair", "FailoverCriteria": {"StatusCodes": \(items(codes.map { "\($0)" }))},
                 "Members": \(items(["{\"OriginId\": \"maps\"}", "{\"OriginId\": \"more\"}"]))}
                """
            return Row(
                "StatusCodes \(codes)", !codes.isEmpty && codes.allSatisfy(failoverCodes.contains),
                Documents.distribution(
                    ", \"OriginGroups\": \(items([group]))",
                    origin: "\(origin()), \(origin(id: "more"))"
                ).replacing(#""Origins": {"Quantity": 1"#, with: #""Origins": {"Quantity": 2"#))
        }

    private static let methods: [([String], Bool)] = [
        (["GET"], false), (["GET", "HEAD"], true), (["GET", "HEAD", "OPTIONS"], true),
        (["GET", "HEAD", "POST"], false), (["GET", "OPTIONS"], false),
    ]
    private static let cachedMethods: [Row] = methods.map { methods, isTaken in
        let cached = items(methods.map { "\"\($0)\"" })
        return Row(
            "CachedMethods \(methods)", isTaken,
            Documents.distribution(
                behavior: Documents.behavior + """
                    , "AllowedMethods": {"Quantity": 3, "Items": ["GET", "HEAD", "OPTIONS"],
                       "CachedMethods": \(cached)}
                    """))
    }

    /// An account may have had these raised, so that more is told and not refused.
    private static let behaviorQuota: [Row] = [75, 76].map { count in
        let behaviors = (0..<count).map {
            "{\"PathPattern\": \"/p\($0)\", \(Documents.behavior)}"
        }
        var row = Row(
            "\(count) behaviors", true,
            Documents.distribution(", \"CacheBehaviors\": \(items(behaviors))"))
        row.isWarned = count > 75
        return row
    }
    private static let originQuota: [Row] = [100, 101].map { count in
        let others = (1..<count).map { origin(id: "o\($0)") }
        let text = Documents.distribution(
            origin: ([origin()] + others).joined(separator: ", "))
        var row = Row(
            "\(count) origins", true,
            text.replacing(
                #""Origins": {"Quantity": 1,"#, with: #""Origins": {"Quantity": \#(count),"#))
        row.isWarned = count > 100
        return row
    }
    static let rows: [Row] = [
        numbers, paths, rootObjects, patterns, failovers, cachedMethods, behaviorQuota, originQuota,
    ].flatMap { $0 }

    @Test("a limit is taken, what is beyond it is refused, or told", arguments: rows)
    func limit(_ row: Row) {
        let reading = DistributionConfig.read(json(row.text))
        #expect(reading.errors.isEmpty == row.isTaken, "\(reading.findings)")
        #expect((reading.value != nil) == row.isTaken)
        let isWarned = reading.findings.contains { $0.problem.contains("CloudFront's quota") }
        #expect(isWarned == row.isWarned, "\(reading.findings)")
    }

    @Test("the times and tries of an origin that says nothing of them")
    func defaults() throws {
        let reading = DistributionConfig.read(json(Documents.distribution()))
        let origin = try #require(reading.value?.origins.first)
        #expect(origin.connectionAttempts == 3 && origin.connectionTimeoutSeconds == 10)
        guard case .custom(let custom) = origin.kind else {
            Issue.record("\(origin.kind)")
            return
        }
        #expect(custom.readTimeoutSeconds == 30 && custom.keepaliveTimeoutSeconds == 5)
    }
}
