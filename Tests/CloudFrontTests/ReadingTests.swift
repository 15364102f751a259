import Caching
import HTTP
import Testing

@testable import CloudFront

@Suite("What CloudFront does not document, read the other way")
struct ReadingTests {
    @Test(
        "parameters in a normal form",
        arguments: [
            (NameSelection.all, "b=1&&a=2&b=1&", "b=1&a=2"), (.none, "a=1", ""),
            (NameSelection(.list, ["a", "b"]), "b=2&a=1&a=0&b=2&c=3", "a=0&a=1&b=2"),
            (NameSelection(.allExcept, ["b"]), "d&b=2&c=%31&c=1", "c=1&d"),
            (NameSelection(.list, ["a"]), "a=%7e%2f%zz&a=", "a=&a=~%2f%zz"),
            (NameSelection.all, "a=1&a=1%31", "a=1&a=11"), (NameSelection.all, "", ""),
            (NameSelection.all, "&&", ""),
        ])
    func normalQuery(_ selection: NameSelection, _ query: String, _ expected: String) {
        let made = filled { memory in
            query.withBytes {
                selection.writeNormalQuery($0, dropsSignature: false, into: memory)
            }
        }
        #expect(made == expected)
    }

    @Test("a normal form that does not fit, or of too many, is told, not cut")
    func normalBounds() {
        func made(_ query: String, _ capacity: Int) -> String? {
            filled(capacity) { memory in
                query.withBytes {
                    NameSelection.all.writeNormalQuery($0, dropsSignature: true, into: memory)
                }
            }
        }
        for capacity in 0...8 {
            #expect(made("b=1&a=2&b=1&Expires=2", capacity) == (capacity < 7 ? nil : "b=1&a=2"))
        }
        let many = (0..<128).map { "a=\($0)" }.joined(separator: "&")
        #expect(made(many, 4_000) == many)
        #expect(made(many + "&b", 4_000) == nil)
    }

    @Test(
        "which escapes patterns see through",
        arguments: [
            ("/m%61ps%2F%2a", "/m%61ps%2F%2a", "/maps%2F%2a", "/maps/*"),
            ("/a%2f..%2Fb//c", "/a%2f..%2Fb/c", "/a%2f..%2Fb/c", "/b/c"),
        ])
    func decoding(_ path: String, _ none: String, _ unreserved: String, _ all: String) {
        #expect(PathPattern.normalized(path, .none) == none)
        #expect(PathPattern.normalized(path, .unreserved) == unreserved)
        #expect(PathPattern.normalized(path, .all) == all)
    }

    private func key(
        _ query: NameSelection, _ change: (inout BehaviorPolicy) -> Void = { _ in }
    ) -> KeySelection {
        var policy = BehaviorPolicy.cloudFrontPure
        change(&policy)
        return KeySelection(
            queryStrings: query, headers: [], cookies: .none, codings: [], dropsSignature: true
        ).adopting(policy)
    }

    @Test("an item of an invalidation as the key of a behavior has it")
    func keyed() throws {
        let list = NameSelection(.list, ["a", "b"])
        let given = try InvalidationPath("/x/%61?utm=1&b=2&a=1")
        #expect(given.keyed(by: key(list), narrowing: false) == given)
        #expect(
            given.keyed(by: key(list), narrowing: true) == (try InvalidationPath("/x/%61?b=2&a=1")))
        #expect(given.keyed(by: key(.none), narrowing: true) == (try InvalidationPath("/x/%61")))
        #expect(
            given.keyed(by: key(list) { $0.keysNormalPath = true }, narrowing: false)
                == (try InvalidationPath("/x/a?utm=1&b=2&a=1")))
        #expect(
            given.keyed(by: key(list) { $0.keysNormalQuery = true }, narrowing: false)
                == (try InvalidationPath("/x/%61?a=1&b=2")))
        for text in ["/x/%61*", "#tag"] {
            let other = try InvalidationPath(text)
            let all = key(.none) { ($0.keysNormalPath, $0.keysNormalQuery) = (true, true) }
            #expect(other.keyed(by: all, narrowing: true) == other)
        }
    }

    @Test("the key tells its policy, or does not")
    func identity() {
        let one = key(NameSelection(.list, ["a"]))
        let other = key(NameSelection(.list, ["b"]))
        #expect(one.identity.count == 8 && one.identity != other.identity)
        #expect(key(.none) { $0.sharesAcrossPolicies = true }.identity.isEmpty)
    }

    @Test(
        "fields that nobody named",
        arguments: [
            ("If-None-Match", FieldFate.removed, FieldFate.forwarded, FieldFate.removed),
            ("If-Unmodified-Since", .removed, .forwarded, .removed),
            ("Range", .forwarded, .forwarded, .removed),
            ("If-Range", .forwarded, .forwarded, .removed),
            ("Content-Type", .forwarded, .forwarded, .removed),
            ("Content-MD5", .forwarded, .forwarded, .removed),
            ("Content-Length", .setByEdge, .setByEdge, .setByEdge),
            ("X-Own", .removed, .removed, .removed),
        ])
    func fates(_ name: String, _ usual: FieldFate, _ open: FieldFate, _ strict: FieldFate) {
        func fate(named: [String] = [], _ change: (inout BehaviorPolicy) -> Void) -> FieldFate {
            var policy = BehaviorPolicy.cloudFrontPure
            change(&policy)
            let forwarding = Forwarding(
                queryStrings: .none, cookies: .none, base: .none,
                headers: NameList(named, matching: .ignoringCase), isLegacy: false,
                cachesOptions: false, isS3: false, normalizesCodings: false, dropsSignature: false
            ).adopting(policy)
            return name.withBytes { forwarding.fate(of: $0, KnownField.named($0), method: .put) }
        }
        #expect(fate { _ in } == usual)
        #expect(fate { $0.forwardsConditions = true } == open)
        #expect(fate { $0.forwardsOnlyNamed = true } == strict)
        if strict == .removed {
            #expect(fate(named: [name]) { $0.forwardsOnlyNamed = true } == .forwarded)
        }
    }

    @Test("a batch is the earlier one by its set of paths, or by their list")
    func references() throws {
        let batch = try InvalidationBatch(["/a", "/b"], callerReference: "r")
        #expect(batch.isSame(as: ["/b", "/a"]))
        #expect(!batch.isSame(as: ["/b", "/a"], inOrder: true))
        #expect(batch.isSame(as: ["/a", "/b"], inOrder: true))
    }
}
