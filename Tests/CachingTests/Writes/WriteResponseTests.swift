import Caching
import Testing

@Suite("Writes: whether their responses say that they happened")
struct WriteResponseTests {
    private func outcome(
        _ body: [UInt8], status: Int = 200, form: ObservedWrite.ResponseForm = .transaction,
        ends: [Int] = [], isWhole: Bool = true
    ) -> WriteOutcome {
        var reader = WriteResponseReader(status: status, form: form)
        var start = 0
        for end in ends + [body.count] {
            reader.take(body.span.bytes.extracting(start..<end))
            start = end
        }
        return reader.finish(isWhole: isWhole)
    }

    static let success =
        "<wfs:WFS_TransactionResponse xmlns:wfs='http://www.opengis.net/wfs' xmlns:ogc='o'>"
        + "<wfs:InsertResult><ogc:FeatureId fid='X.1'/></wfs:InsertResult><wfs:TransactionResult>"
        + "<wfs:Status><wfs:SUCCESS/></wfs:Status></wfs:TransactionResult></wfs:WFS_TransactionResponse>"

    static func old(_ status: String) -> String {
        "<WFS_TransactionResponse><TransactionResult><Status><\(status)/></Status>"
            + "<Message>SUCCESS</Message></TransactionResult></WFS_TransactionResponse>"
    }

    static func counts(_ text: String) -> String {
        "<?xml version='1.0'?><w:TransactionResponse xmlns:w='http://www.opengis.net/wfs/2.0'>"
            + "<w:TransactionSummary>\(text)</w:TransactionSummary></w:TransactionResponse>"
    }

    static let readOnly =
        "<?xml version='1.0'?><!DOCTYPE ServiceExceptionReport SYSTEM 'http://h/x.dtd'>"
        + "<ServiceExceptionReport version='1.2.0'><ServiceException>read-only</ServiceException>"
        + "</ServiceExceptionReport>"

    static let table: [(String, WriteOutcome)] = [
        (success, .happened), (old("SUCCESS"), .happened), (old("PARTIAL"), .happened),
        (old("FAILED"), .refused), (old("x"), .unknown),
        (success.replacing("SUCCESS", with: "FAILED"), .unknown),
        (readOnly, .refused),
        (
            "<o:ExceptionReport xmlns:o='o'><o:Exception exceptionCode='x'/></o:ExceptionReport>",
            .refused
        ),
        (
            counts("<w:totalInserted>1</w:totalInserted><w:totalUpdated>0</w:totalUpdated>"),
            .happened
        ),
        (
            counts(
                "<w:totalInserted>0</w:totalInserted><w:totalUpdated> 0 </w:totalUpdated><w:totalDeleted>00</w:totalDeleted>"
            ), .refused
        ),
        (counts("<w:totalReplaced>7</w:totalReplaced>"), .happened),
        (counts("<w:totalInserted>x</w:totalInserted>"), .happened),
        (counts("<w:totalInserted/>"), .happened), (counts(""), .happened),
        (counts("<w:totalInserted>0</w:totalInserted><ServiceExceptionReport/>"), .unknown),
        ("<html/>", .unknown), ("", .unknown), ("{}", .unknown),
        ("<TransactionResponse>", .unknown), (readOnly + "x", .unknown),
    ]

    @Test("WFS 1.0, 1.1 and 2.0, exceptions in 200, and what is neither", arguments: table)
    func transactions(_ body: String, _ expected: WriteOutcome) {
        let bytes = Array(body.utf8)
        #expect(outcome(bytes) == expected, "\(body)")
        for end in 0...bytes.count { #expect(outcome(bytes, ends: [end]) == expected) }
        if expected == .refused {
            for end in 0..<bytes.count {
                #expect(outcome(Array(bytes[..<end])) == .unknown, "cut at \(end)")
            }
            #expect(outcome(bytes, isWhole: false) == .unknown)
        }
    }

    @Test("where several stores may be written, none of them proves that none was")
    func divisible() {
        for (body, expected) in Self.table {
            let wide: WriteOutcome = expected == .refused ? .unknown : expected
            #expect(outcome(Array(body.utf8), form: .divisible) == wide, "\(body)")
        }
        #expect(outcome([], status: 400, form: .divisible) == .unknown)
        for status in [401, 403, 404, 405, 415] {
            #expect(outcome([], status: status, form: .divisible) == .refused)
        }
    }

    @Test(
        "a transaction of one layer is done or not done, others may be half done",
        arguments: [
            (TransactionTests.probe, ObservedWrite.ResponseForm.transaction),
            (Writes.insert(TransactionTests.point), .transaction),
            (Writes.insert("") + "<wfs:Delete typeName='f:X'/>", .transaction),
            (Writes.insert("") + "<wfs:Delete typeName='topp:X'/>", .divisible),
            ("<wfs:Native vendorId='x'/>", .divisible), ("<wfs:Native", .divisible),
        ])
    func forms(_ operations: String, _ expected: ObservedWrite.ResponseForm) {
        let read = Writes.read(Writes.transaction(operations))
        guard case .write(let write) = read else {
            Issue.record("\(operations) is no write")
            return
        }
        #expect(write.response == expected)
    }

    @Test("a status by itself")
    func statuses() {
        for form in [ObservedWrite.ResponseForm.status, .transaction] {
            for status in [400, 401, 403, 404, 405, 409, 415, 429] {
                #expect(outcome([], status: status, form: form) == .refused)
            }
            for status in [0, 100, 408, 499, 500, 502, 503, 504, 599, 600, -1] {
                #expect(outcome([], status: status, form: form) == .unknown)
                #expect(outcome([], status: status, form: form).mayHaveHappened)
            }
            #expect(outcome([], status: 302, form: form) == .happened)
        }
        for status in [200, 201, 202, 204] {
            #expect(outcome([], status: status, form: .status) == .happened)
        }
    }
}
