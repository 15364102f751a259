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
        "what signs one URL, or means something else as often, does not",
        arguments: [
            "key=a", "Signature=a", "Policy=a", "code=DE", "state=CA", "Key-Pair-Id=a", "q=token",
            "request=GetMap", "styles=&srs=a&bbox=b&transparent=true&ticketing=1&tokens=2", "",
            "&&=&=token&", "%", "t", "token",
        ])
    func notFound(_ query: String) { #expect(!areIn(query)) }
}
