import HTTP
import Testing

@testable import CloudFront

@Suite("The fields that the edge makes of a viewer")
struct GeneratedFieldsTests {
    private static let everything: GeneratedNeeds = [.place, .tls, .headerOrder, .headerCount]

    /// What is written, by name.
    private func fields(
        _ ask: Ask, _ facts: ViewerFacts = ViewerFacts(), _ needs: GeneratedNeeds = everything,
        place: ViewerPlace = ViewerPlace(), tls: String = ""
    ) -> [String: String] {
        var table = HeaderTable()
        let room = GeneratedFields.room(for: needs) + (facts.isTrusted ? ask.bytes.count : 0)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
        defer { memory.deallocate() }
        let tls = Array(tls.utf8)
        GeneratedFields.write(
            facts, needs, address: RawSpan(), place: place.record.span.bytes,
            tls: tls.span.bytes, ask.head, bytes: ask.bytes.span.bytes, into: memory, table: &table)
        var found: [String: String] = [:]
        for index in 0..<table.count {
            let name = String(decoding: memory[table[index].name.range], as: UTF8.self)
            #expect(found[name] == nil, "\(name) stands twice")
            found[name] = String(decoding: memory[table[index].value.range], as: UTF8.self)
        }
        return found
    }

    private func place(_ values: [(ViewerPlace.Field, String)]) -> ViewerPlace {
        var place = ViewerPlace()
        for (field, value) in values {
            let isTaken = place.add(field, value.utf8)
            #expect(isTaken, "\(field)")
        }
        return place
    }

    @Test("each value of a place is a field; what is not known is none")
    func places() {
        let values: [(ViewerPlace.Field, String)] = [
            (.countryName, "Australia"), (.region, "NSW"), (.regionName, "New South Wales"),
            (.city, "Sydney"), (.postalCode, "2000"), (.timeZone, "Australia/Sydney"),
            (.latitude, "-33.8688"), (.longitude, "151.2093"), (.metroCode, "602"),
            (.asn, "64496"),
        ]
        let names = [
            "Country-Name", "Country-Region", "Country-Region-Name", "City", "Postal-Code",
            "Time-Zone", "Latitude", "Longitude", "Metro-Code", "ASN",
        ]
        let all = fields(Ask(), place: place(values))
        for (name, (_, value)) in zip(names, values) {
            #expect(all["CloudFront-Viewer-\(name)"] == value, "\(name)")
        }
        let some = fields(Ask(), place: place([(.city, "Sydney")]))
        #expect(some["CloudFront-Viewer-City"] == "Sydney")
        #expect(some["CloudFront-Viewer-ASN"] == nil && some["CloudFront-Viewer-Latitude"] == nil)
        #expect(fields(Ask())["CloudFront-Viewer-City"] == nil)
    }

    @Test(
        "values that have not their form are refused",
        arguments: [
            (ViewerPlace.Field.region, "NSWX"), (.region, "N W"), (.metroCode, "a"),
            (.asn, "AS64496"), (.asn, ""), (.latitude, "133.1"), (.latitude, "33."),
            (.latitude, "--3"), (.longitude, "1.2.3"), (.city, "a\r\nX: b"), (.city, "Malmö"),
            (.city, String(repeating: "a", count: 129)), (.city, ""),
        ])
    func malformed(_ field: ViewerPlace.Field, _ value: String) {
        var place = ViewerPlace()
        let isTaken = place.add(field, value.utf8)
        #expect(!isTaken && place.record.isEmpty)
    }

    @Test("a value stands once, and a record cut anywhere is read as far as it is whole")
    func records() {
        var twice = place([(.city, "Sydney"), (.asn, "1")])
        let isTaken = twice.add(.city, "Perth".utf8)
        #expect(!isTaken)
        for length in 0...twice.record.count {
            var read: [String] = []
            ViewerPlace.forEach(in: twice.record.span.bytes.extracting(first: length)) { _, value in
                read.append(value.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
            }
            let whole = [(8, "Sydney"), (11, "1")].filter { $0.0 <= length }.map(\.1)
            #expect(read == whole)
        }
    }

    @Test("names of fields in their order and spelling, their number, and TLS where there is some")
    func head() {
        let ask = Ask("/a", "User-Agent: x", "accept: a", "Accept: b")
        let made = fields(ask, tls: "TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake")
        #expect(made["CloudFront-Viewer-Header-Order"] == "Host:User-Agent:accept:Accept")
        #expect(made["CloudFront-Viewer-Header-Count"] == "4")
        #expect(made["CloudFront-Viewer-TLS"] == "TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake")
        #expect(fields(ask)["CloudFront-Viewer-TLS"] == nil)
    }

    @Test("the order is cut at 7,680 characters, the number is not")
    func longOrder() {
        let names = (10..<50).map { "\($0)" + String(repeating: "n", count: 248) }
        let made = fields(Ask(fields: names.map { "\($0): 1" }))
        let whole = (["Host"] + names).joined(separator: ":")
        #expect(made["CloudFront-Viewer-Header-Order"] == String(whole.prefix(7_680)))
        #expect(made["CloudFront-Viewer-Header-Count"] == "41")
    }

    @Test(
        "the device, by the words of User-Agent that browsers go by: each field is true or false",
        arguments: [
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/15E148", ["IOS", "Mobile"]),
            ("Mozilla/5.0 (iPod touch; CPU iPhone OS 12_0) Mobile/15E148", ["IOS", "Mobile"]),
            ("Mozilla/5.0 (iPad; CPU OS 12_0) Mobile/15E148", ["IOS", "Tablet"]),
            ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Mobile", ["Android", "Mobile"]),
            ("Mozilla/5.0 (Linux; Android 14; SM-X710)", ["Android", "Tablet"]),
            ("Mozilla/5.0 (Android 14; Tablet; rv:120.0)", ["Android", "Tablet"]),
            ("Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0)", ["SmartTV"]),
            ("Mozilla/5.0 (Linux; Android 9; HbbTV/1.5)", ["Android", "SmartTV"]),
            ("AppleTV6,2/11.1", ["SmartTV"]), ("Roku/DVP-9.10", ["SmartTV"]),
            ("Mozilla/5.0 (X11; Linux x86_64)", ["Desktop"]), ("curl/8.0", ["Desktop"]),
            ("", ["Desktop"]),
        ])
    func devices(_ agent: String, _ wanted: [String]) {
        let made = fields(agent.isEmpty ? Ask() : Ask("/a", "User-Agent: \(agent)"))
        for device in ["Android", "Desktop", "IOS", "Mobile", "SmartTV", "Tablet"] {
            let value = made["CloudFront-Is-\(device)-Viewer"]
            #expect(value == (wanted.contains(device) ? "true" : "false"), "\(device)")
        }
    }

    @Test("what nobody asks for is not made")
    func unasked() {
        let made = fields(Ask(), ViewerFacts(), [], place: place([(.city, "Sydney")]), tls: "a:b:c")
        #expect(made.count == 8)
        #expect(made["CloudFront-Is-Desktop-Viewer"] == "true")
    }

    @Test("a viewer's own word counts only where it is trusted, and then it stands")
    func forged() {
        let forged = Ask(
            "/a", "cloudfront-viewer-city: Perth", "CloudFront-Viewer-TLS: x",
            "CloudFront-Viewer-Header-Count: 99", "CloudFront-Viewer-JA3-Fingerprint: y")
        let made = fields(forged, place: place([(.city, "Sydney")]), tls: "a:b:c")
        #expect(made["CloudFront-Viewer-City"] == "Sydney")
        #expect(made["CloudFront-Viewer-TLS"] == "a:b:c")
        #expect(made["CloudFront-Viewer-Header-Count"] == "5")
        #expect(made["CloudFront-Viewer-JA3-Fingerprint"] == nil)
        var facts = ViewerFacts()
        facts.isTrusted = true
        let told = fields(forged, facts, place: place([(.city, "Sydney")]), tls: "a:b:c")
        #expect(told["cloudfront-viewer-city"] == "Perth" && told["CloudFront-Viewer-City"] == nil)
        #expect(told["CloudFront-Viewer-TLS"] == "x")
        #expect(told["CloudFront-Viewer-Header-Count"] == "99")
        #expect(told["CloudFront-Viewer-JA3-Fingerprint"] == "y")
    }

    @Test("needs are what the policies name")
    func needs() {
        let key = Behaviors.cachePolicy(headers: ["CloudFront-Viewer-City", "X-A"])
        let sends = OriginRequestPolicy(
            id: "o", name: "o", headerBehavior: .whitelist,
            headers: ["cloudfront-viewer-tls", "CloudFront-Viewer-Header-Count"])
        let behavior = Behaviors.policies(key, sends).0
        #expect(behavior.map { GeneratedNeeds($0.key.headers) } == .place)
        #expect(
            behavior.map { GeneratedNeeds($0.forwarding) } == [.place, .tls, .headerCount])
        let plain = Behaviors.policies(Behaviors.cachePolicy(headers: ["X-A"])).0
        #expect(plain.map { GeneratedNeeds($0.forwarding) } == [])
        let all = OriginRequestPolicy(
            id: "o", name: "o", headerBehavior: .allExcept, headers: ["CloudFront-Viewer-TLS"])
        #expect(
            Behaviors.policies(Behaviors.cachePolicy(), all).0
                .map { GeneratedNeeds($0.forwarding) } == Self.everything.subtracting(.tls))
        let allViewer = ManagedPolicies.originRequest[0]
        #expect(
            Behaviors.policies(Behaviors.cachePolicy(), allViewer).0
                .map { GeneratedNeeds($0.forwarding) } == [])
    }
}
