import Caching
import Testing

@testable import CloudFront

@Suite("Errors of a distribution")
struct ErrorCachingTests {
    private static let text = Documents.distribution(
        """
        , "CustomErrorResponses": {"Quantity": 3, "Items": [
          {"ErrorCode": 404, "ResponsePagePath": "/404.html", "ResponseCode": "200"},
          {"ErrorCode": 500, "ResponsePagePath": "", "ResponseCode": "", "ErrorCachingMinTTL": 0},
          {"ErrorCode": 503, "ErrorCachingMinTTL": 60}]}
        """)

    @Test("an entry sets the time, and perhaps a page; 10 s else; S3 has a floor of a second")
    func times() {
        let reading = DistributionConfig.read(json(Self.text))
        #expect(reading.findings == [])
        let errors = ErrorCaching(reading.value?.customErrorResponses ?? [])
        #expect(errors.minTTL(404, isS3: false) == 10_000)
        #expect(errors.minTTL(500, isS3: false) == 0)
        #expect(errors.minTTL(500, isS3: true) == 1_000)
        #expect(errors.minTTL(503, isS3: true) == 60_000)
        #expect(errors.minTTL(502, isS3: false) == 10_000)
        #expect(errors.page(for: 404) == .init(path: "/404.html", responseCode: 200))
        #expect(errors.page(for: 503) == nil)
        #expect(errors.page(for: 500) == nil)
    }

    @Test("the connection behind a custom page closes for some statuses")
    func connection() {
        #expect([400, 405, 414, 416, 500, 501].allSatisfy { ErrorCaching.closesConnection($0) })
        #expect(![403, 404, 502, 503, 504].contains { ErrorCaching.closesConnection($0) })
    }

    @Test(
        "what cannot be customized is an error",
        arguments: [
            #"{"ErrorCode": 401}"#, #"{"ErrorCode": 404, "ResponsePagePath": "/a"}"#,
            #"{"ErrorCode": 404, "ResponsePagePath": "a", "ResponseCode": "200"}"#,
            #"{"ErrorCode": 404, "ResponsePagePath": "/a", "ResponseCode": "302"}"#,
        ])
    func invalid(_ item: String) {
        let text = Documents.distribution(
            ", \"CustomErrorResponses\": {\"Quantity\": 1, \"Items\": [\(item)]}")
        #expect(DistributionConfig.read(json(text)).errors.count == 1)
    }

    @Test("a restriction has the countries of its list")
    func geo() {
        func restriction(_ type: String) -> GeoRestriction? {
            let text = Documents.distribution(
                """
                , "Restrictions": {"GeoRestriction": {"RestrictionType": "\(type)",
                  "Quantity": 1, "Items": ["DE"]}}
                """)
            return DistributionConfig.read(json(text)).value?.geoRestriction
        }
        for (word, type) in [
            ("whitelist", GeoRestriction.RestrictionType.whitelist), ("blacklist", .blacklist),
        ] {
            #expect(restriction(word)?.type == type && restriction(word)?.countries == ["DE"])
        }
        #expect(restriction("none") == nil)
    }
}
