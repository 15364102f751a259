import Testing
import Tiles

@testable import Edge

@Suite("Law 6: names of credentials in a query")
struct CredentialNameTests {
    private func areIn(_ query: String) -> Bool {
        Array(query.utf8).withUnsafeBytes { Credentials.areIn($0) }
    }

    @Test(
        "each makes a request a session's, however it is written",
        arguments: SecretParameter.credentials)
    func found(_ name: String) {
        let escaped = name.utf8.map { "%" + String($0, radix: 16) }.joined()
        for text in [name, name.uppercased(), escaped] {
            for query in ["\(text)=S", "a=b&\(text)=", "a&\(text)=S&c"] {
                #expect(areIn(query), "\(query)")
            }
            #expect(!areIn(text) && !areIn("x\(text)=S") && !areIn("\(text)x=S"))
            #expect(!areIn("a=\(text)=S"))
        }
        #expect(SecretParameter.isSecret(name))
        // A map's key knows the same names.
        let query = Array(
            ("SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&STYLES=&SRS=EPSG:4326"
                + "&BBOX=0,0,10,10&WIDTH=256&HEIGHT=256&FORMAT=image/png&\(name)=S").utf8)
        let path = Array("/geoserver/wms".utf8)
        var memory = [UInt8](repeating: 0, count: 65_536)
        let outcome = memory.withUnsafeMutableBytes {
            TileRequest.normalise(
                path: path.span.bytes, query: query.span.bytes, services: MapServices(), key: $0)
        }
        guard case .request(let request) = outcome else {
            Issue.record("\(name): \(outcome)")
            return
        }
        #expect(request.hasToken, "\(name)")
    }

    @Test(
        "so does a URL that has one, escaped as often as it may be",
        arguments: [
            "url=http://g/wms?access_token=S", "url=http%3A%2F%2Fg%2Fwms%3Faccess_token%3DS",
            "next=/x%3Fa%3Db%26AuthKey%3DS", "next=%252Fx%253Faccess_token%253DS&b=c",
            "next=%25252Fx%25253Faccess_token%25253DS", "u=/x%3Bjsessionid%3DS",
            "a=b&next=/x%23access_token=S", "next=/x%3Faccess%255Ftoken%3DS",
        ])
    func nested(_ query: String) {
        #expect(areIn(query))
        let written = Credentials.leftOut(ofPath: Array("/p".utf8), query: Array(query.utf8))
        #expect(!String(decoding: written.query ?? [], as: UTF8.self).contains("S"))
        let last = query.split(separator: "&").first { $0.contains("S") } ?? ""
        let length = Array(last.utf8).withUnsafeBytes { SecretParameter.nameLength($0) }
        #expect(
            length
                == last.utf8.firstIndex(of: 61).map {
                    last.utf8.distance(from: last.startIndex, to: $0)
                })
    }

    @Test(
        "what signs one URL, or means something else as often, does not",
        arguments: [
            "key=a", "Signature=a", "Policy=a", "code=DE", "state=CA", "Key-Pair-Id=a", "q=token",
            "request=GetMap", "styles=&srs=a&bbox=b&transparent=true&ticketing=1&tokens=2", "",
            "&&=&=token&", "%", "t", "token", "cql_filter=token%3D5", "a=%3Ftoken", "a=?token&b=c",
            "bgcolor=%23token", "a=%25", "a=%253", "a=%3F%3D", "a=%3Fkey%3D1", "a=?", "a=%2",
            "cql_filter=a%3D1%20AND%20token%3D5",
        ])
    func notFound(_ query: String) { #expect(!areIn(query)) }
}
