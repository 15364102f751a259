import Glibc
import Testing

@testable import Reactor

@Suite("Names without an address")
struct ResolutionTests {
    @Test("servers that do not answer may later; a name that does not exist will not")
    func isPending() {
        #expect(ResolutionError(host: "a.test", code: EAI_AGAIN).isPending)
        let unknown = ResolutionError(host: "a.test", code: EAI_NONAME)
        #expect(!unknown.isPending && unknown.reason == "Name or service not known")
    }
}
