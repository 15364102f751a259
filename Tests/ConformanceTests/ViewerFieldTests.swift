import Testing
import WireTesting

private let location = [
    "CloudFront-Viewer-Country-Name", "CloudFront-Viewer-Country-Region",
    "CloudFront-Viewer-Country-Region-Name", "CloudFront-Viewer-City",
    "CloudFront-Viewer-Postal-Code", "CloudFront-Viewer-Time-Zone", "CloudFront-Viewer-Latitude",
    "CloudFront-Viewer-Longitude", "CloudFront-Viewer-Metro-Code",
]
private let listed =
    location + [
        "CloudFront-Viewer-ASN", "CloudFront-Viewer-TLS", "CloudFront-Viewer-Header-Order",
        "CloudFront-Viewer-Header-Count",
    ]

private let lanes = [
    Lane("plain"),
    Lane("keyed") {
        $0.headers = ["CloudFront-Viewer-City", "CloudFront-Viewer-Header-Order"]
    },
    Lane("listed") { $0.sends = Lane.Sends(headers: ("whitelist", listed)) },
    Lane("all") { $0.sends = Lane.Sends(headers: ("allViewerAndWhitelistCloudFront", listed)) },
    Lane("address") {
        $0.sends = Lane.Sends(headers: ("whitelist", ["CloudFront-Viewer-Address"]))
    },
    Lane("most") { $0.sends = Lane.Sends(headers: ("allExcept", ["CloudFront-Viewer-City"])) },
]

// Source: CloudFront's developer guide, "Add CloudFront request headers".
@Suite("Where a viewer is and how it asks, as CloudFront tells origins")
struct ViewerFieldTests {
    private static let places = """
        127.0.0.0/8,US
        127.0.0.0/9, AU, city = Perth
        127.0.0.1/32,AU,countryName=Australia,region=NSW,regionName=New South Wales,city=Sydney,\
        postalCode=2000,timeZone=Australia/Sydney,latitude=-33.8688,longitude=151.2093,\
        metroCode=602,asn=64496

        """
    private static let values = [
        "Australia", "NSW", "New South Wales", "Sydney", "2000", "Australia/Sydney", "-33.8688",
        "151.2093", "602",
    ]
    private static let stand = Result { try made(places) }
    private static let trusting = Result { try made(places, "trustedProxies: [127.0.0.1]\n") }

    private static func made(_ places: String, _ more: String = "") throws -> Stand {
        let directory = try TemporaryDirectory()
        let table = try directory.write("places.csv", places)
        return try Stand.shared(
            lanes,
            Stand.Parts(
                configuration: more + "distribution:\n  country: { table: \"\(table)\" }\n"))
    }

    private static let forged = [
        "CloudFront-Viewer-City: Forged", "cloudfront-viewer-asn: 1", "CloudFront-Viewer-TLS: x",
        "CloudFront-Viewer-Header-Count: 99", "CloudFront-Viewer-Header-Order: x",
        "CloudFront-Viewer-JA3-Fingerprint: x", "CloudFront-Viewer-JA4-Fingerprint: x",
    ]

    private func ask(_ stand: Stand, _ path: String, _ fields: [String]) throws -> Response {
        try Viewer.ask(path, at: stand.edge.port, fields)
    }

    /// What the origin was sent.
    private func sent(
        _ stand: Stand, _ lane: String, _ fields: [String]
    ) throws -> Request {
        let room = stand.origin.room("row")
        room.always(.ok())
        #expect(try ask(stand, room.path("\(lane)/a"), fields).status == 200)
        return try #require(room.requests.last)
    }

    @Test("the table's values get to who asks for them", arguments: ["listed", "all"])
    func location(_ lane: String) throws {
        let request = try sent(try Self.stand.get(), lane, Self.forged)
        for (name, value) in zip(ConformanceTests.location, Self.values) {
            #expect(request.head.values(name) == [value], "\(name)")
        }
        #expect(request.head.values("CloudFront-Viewer-ASN") == ["64496"])
        #expect(request["CloudFront-Viewer-TLS"] == nil)
        #expect(request["CloudFront-Viewer-JA3-Fingerprint"] == nil)
        #expect(request["CloudFront-Viewer-JA4-Fingerprint"] == nil)
        let count = request.head.values("CloudFront-Viewer-Header-Count")
        let order = request.head.values("CloudFront-Viewer-Header-Order")
        #expect(order.count == 1 && order.first?.hasPrefix("Host:") == true)
        #expect(count == order.first.map { ["\($0.split(separator: ":").count)"] })
        #expect(order.first?.contains(":CloudFront-Viewer-City:cloudfront-viewer-asn:") == true)
    }

    @Test("nobody gets what it does not ask for, a viewer's own least of all")
    func unasked() throws {
        let stand = try Self.stand.get()
        let plain = try sent(stand, "plain", Self.forged)
        for name in listed { #expect(plain[name] == nil, "\(name)") }
        let most = try sent(stand, "most", Self.forged)
        #expect(most["CloudFront-Viewer-City"] == nil && most["CloudFront-Viewer-ASN"] == "64496")
        let keyed = try sent(stand, "keyed", Self.forged)
        #expect(keyed["CloudFront-Viewer-City"] == "Sydney")
        #expect(keyed["CloudFront-Viewer-ASN"] == nil)
    }

    @Test("the key tells apart by the edge's values, not by the viewer's")
    func keyed() throws {
        let stand = try Self.stand.get()
        let room = stand.origin.room("row")
        room.always(.ok())
        let path = room.path("keyed/a")
        func word(_ fields: [String]) throws -> String? {
            try ask(stand, path, fields)["X-Cache"]
        }
        #expect(try word(["CloudFront-Viewer-City: A", "X-A: 1"]) == "Miss from cloudfront")
        #expect(try word(["CloudFront-Viewer-City: B", "X-A: 2"]) == "Hit from cloudfront")
        #expect(try word(["X-A: 1", "CloudFront-Viewer-City: A"]) == "Miss from cloudfront")
        #expect(room.count == 2)
    }

    @Test("a CloudFront in front is believed, and of its own place nothing is told")
    func trusted() throws {
        let stand = try Self.trusting.get()
        let told = try sent(
            stand, "listed", ["CloudFront-Viewer-Country: DE", "CloudFront-Viewer-City: Bonn"])
        #expect(told["CloudFront-Viewer-City"] == "Bonn")
        #expect(told["CloudFront-Viewer-ASN"] == nil)
        let silent = try sent(stand, "all", [])
        #expect(silent["CloudFront-Viewer-City"] == "Sydney")
    }

    /// Consumers of the field take what stands behind the last colon for the port.
    @Test(
        "behind a trusted proxy the address is the viewer's, an IPv6 address without brackets",
        arguments: [
            ("203.0.113.7", "203.0.113.7:"), ("2001:db8::7", "2001:db8::7:"),
            ("198.51.100.1, 203.0.113.7", "203.0.113.7:"), ("127.0.0.1", "127.0.0.1:"),
            ("unknown", "127.0.0.1:"),
        ])
    func address(_ forwarded: String, _ expected: String) throws {
        let told = try sent(
            try Self.trusting.get(), "address", ["X-Forwarded-For: \(forwarded)"])
        let address = try #require(told["CloudFront-Viewer-Address"])
        #expect(address.hasPrefix(expected), "\(address)")
        #expect(UInt16(address.dropFirst(expected.count)) ?? 0 > 0, "\(address)")
        let plain = try sent(try Self.stand.get(), "address", ["X-Forwarded-For: \(forwarded)"])
        #expect(plain["CloudFront-Viewer-Address"]?.hasPrefix("127.0.0.1:") == true)
    }

    @Test("fingerprints that the edge cannot make are said to be missing")
    func fingerprints() throws {
        let stand = try Stand([
            Lane("prints") {
                $0.sends = Lane.Sends(
                    headers: ("whitelist", ["CloudFront-Viewer-JA3-Fingerprint"]))
            }
        ])
        #expect(
            stand.edge.child.line(with: "CloudFront-Viewer-JA3-Fingerprint is not emulated") != nil)
        let request = try sent(stand, "prints", ["CloudFront-Viewer-JA3-Fingerprint: x"])
        #expect(request["CloudFront-Viewer-JA3-Fingerprint"] == nil)
    }
}
