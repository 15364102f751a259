import CloudFront
import Edge
import Testing

/// Source: CloudFront, "HTTP 502" and "HTTP 504", and "Standard log file fields".
@Suite("What a viewer and the log are told of a fetch that failed")
struct FetchFailureTests {
    private static let table: [FetchFailure: (status: Int, word: String)] = [
        .connectFailed: (502, "OriginConnectError"), .tlsFailed: (502, "OriginConnectError"),
        .connectTimeout: (504, "OriginConnectError"), .unresolved: (502, "OriginDnsError"),
        .firstByteTimeout: (504, "OriginReadError"),
        .betweenBytesTimeout: (504, "OriginReadError"), .totalTimeout: (504, "OriginReadError"),
        .cutShort: (502, "OriginCommError"), .malformed: (502, "OriginInvalidResponseError"),
        .queueFull: (503, "CapacityExceeded"), .queueTimeout: (503, "CapacityExceeded"),
        .queueDeadline: (503, "CapacityExceeded"), .memberHeld: (503, "OriginError"),
        .exhausted: (503, "CapacityExceeded"), .noMember: (503, "OriginConnectError"),
        .abandoned: (503, "ClientHungUpRequest"), .headTooLarge: (502, "OriginHeaderTooBigError"),
        .rangeMismatch: (502, "OriginContentRangeLengthError"),
        .notTaken: (502, "OriginWriteError"),
    ]

    @Test("status and word, and the word is one of CloudFront's", arguments: FetchFailure.allCases)
    func words(_ failure: FetchFailure) throws {
        let expected = try #require(Self.table[failure])
        let word = "\(failure.detailedResult)"
        #expect(failure.status == expected.status && word == expected.word)
        // This one is a result type, which the detailed type repeats.
        #expect(word == "CapacityExceeded" || DetailedResultType(rawValue: word) != nil)
    }
}
