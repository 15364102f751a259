import Testing
import WireTesting

@Suite("RFC 9111 over the wire")
struct CachingConformanceTests {
    @Test("how long a response is fresh", arguments: lifetimeCases)
    func lifetime(_ test: Case) throws { try play(test) }

    @Test("what a field for CDNs alone says of it", arguments: targetedCases)
    func targeted(_ test: Case) throws { try play(test) }

    @Test("how old a response is", arguments: ageCases)
    func age(_ test: Case) throws { try play(test) }

    @Test("what may be stored, and for whom", arguments: storageCases)
    func storage(_ test: Case) throws { try play(test) }

    @Test("which statuses may be", arguments: statusCases)
    func statuses(_ test: Case) throws { try play(test) }

    @Test("how the origin is asked again", arguments: revalidationCases)
    func revalidation(_ test: Case) throws { try play(test) }

    @Test("what a 304 confirms, and for whom", arguments: confirmationCases)
    func confirmation(_ test: Case) throws { try play(test) }

    @Test("what HEAD has to do with GET", arguments: headCases)
    func heads(_ test: Case) throws { try play(test) }

    @Test("how requests select a variant", arguments: varyCases)
    func variants(_ test: Case) throws { try play(test) }

    @Test("what cannot select a variant", arguments: untellableCases)
    func untellable(_ test: Case) throws { try play(test) }

    @Test("when a stale response may be served", arguments: staleCases)
    func stale(_ test: Case) throws { try play(test) }

    @Test("what a viewer may ask for", arguments: requestCases)
    func requests(_ test: Case) throws { try play(test) }

    @Test("what a write makes stale", arguments: invalidationCases)
    func invalidation(_ test: Case) throws { try play(test) }

    @Test("what Cache-Status tells", arguments: cacheStatusCases)
    func cacheStatus(_ test: Case) throws { try play(test) }
}

@Suite("RFC 9110 and RFC 9112 over the wire")
struct MessageConformanceTests {
    @Test("how a viewer's conditions are judged", arguments: conditionalCases)
    func conditions(_ test: Case) throws { try play(test) }

    @Test("ranges of what is stored", arguments: storedRangeCases)
    func storedRanges(_ test: Case) throws { try play(test) }

    @Test("ranges under a condition", arguments: ifRangeCases)
    func ifRange(_ test: Case) throws { try play(test) }

    @Test("ranges that the origin sent", arguments: partialCases)
    func partial(_ test: Case) throws { try play(test) }

    @Test("fields of what is put together", arguments: combinedFieldCases)
    func combinedFields(_ test: Case) throws { try play(test) }

    @Test("a Date that is none", arguments: dateCases)
    func dates(_ test: Case) throws { try play(test) }

    @Test("fields that stand twice", arguments: repeatedFieldCases)
    func repeatedFields(_ test: Case) throws { try play(test) }

    @Test("messages", arguments: messageCases)
    func messages(_ test: Case) throws { try play(test) }
}

@Suite("The conformance table")
struct TableTests {
    private static let all = [
        lifetimeCases, targetedCases, ageCases, storageCases, statusCases, revalidationCases,
        confirmationCases, headCases, varyCases, untellableCases, staleCases, requestCases,
        invalidationCases, cacheStatusCases, conditionalCases, storedRangeCases, ifRangeCases,
        partialCases, combinedFieldCases, repeatedFieldCases, messageCases,
    ].flatMap { $0 }

    @Test("has names of its own for at least 150 rules")
    func names() {
        #expect(Self.all.count >= 150)
        #expect(Set(Self.all.map(\.id)).count == Self.all.count)
        for test in Self.all {
            #expect(test.id.utf8.allSatisfy { $0 == 0x2D || $0 &- 0x30 < 10 || $0 &- 0x61 < 26 })
        }
    }

    @Test("names a document for each")
    func anchors() {
        for test in Self.all { #expect(test.anchor.hasPrefix("RFC "), "\(test.id)") }
    }
}
