import Caching
import HTTP
import Testing

@Suite("RFC 9111 §4.4: invalidation by writes")
struct UnsafeInvalidationTests {
    @Test(
        "unsafe and unknown methods that succeeded invalidate",
        arguments: [
            Method.post, .put, .delete, .patch, .other,
        ])
    func unsafe(_ method: Method) {
        for status in [200, 201, 204, 301, 302, 303, 399] {
            #expect(UnsafeInvalidation.applies(to: method, status: status, policy: .letter))
        }
        for status in [100, 199, 400, 404, 500] {
            #expect(!UnsafeInvalidation.applies(to: method, status: status, policy: .letter))
        }
        #expect(!UnsafeInvalidation.applies(to: method, status: 200, policy: .cloudFrontPure))
    }

    @Test("safe methods do not", arguments: [Method.get, .head, .options, .trace])
    func safe(_ method: Method) {
        #expect(!UnsafeInvalidation.applies(to: method, status: 200, policy: .letter))
    }
}
