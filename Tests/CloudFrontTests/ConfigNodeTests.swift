import CloudFront
import Testing

@Suite("A configuration document, node by node")
struct ConfigNodeTests {
    @Test("a member is found by its name, in a map only")
    func member() {
        let map = ConfigNode(.map([.init("Id", ConfigNode(.scalar("maps"), line: 3, column: 9))]))
        #expect(map["Id"]?.content == .scalar("maps"))
        #expect(map["Id"]?.line == 3)
        #expect(map["Other"] == nil)
        #expect(ConfigNode(.list([map]))["Id"] == nil)
    }
}
