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
        // GeoServer has an id where nothing was inserted, too.
        (
            success.replacing("SUCCESS", with: "FAILED").replacing("X.1", with: "none"), .refused
        ),
        (success.replacing("X.1", with: "none"), .happened),
        (
            counts(
                "<w:totalInserted>0</w:totalInserted></w:TransactionSummary><w:InsertResults><w:Feature><o:FeatureId xmlns:o='o' fid='none'/></w:Feature></w:InsertResults><w:TransactionSummary>"
            ), .refused
        ),
        (
            counts(
                "<w:totalInserted>0</w:totalInserted></w:TransactionSummary><w:InsertResults><w:Feature><o:ResourceId xmlns:o='o' rid='none'/></w:Feature></w:InsertResults><w:TransactionSummary>"
            ), .refused
        ),
        (
            counts(
                "<w:totalInserted>0</w:totalInserted></w:TransactionSummary><w:InsertResults><w:Feature><o:ResourceId xmlns:o='o' rid='X.7'/></w:Feature></w:InsertResults><w:TransactionSummary>"
            ), .happened
        ),
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
        (inJSON, .refused), ("parseResponse(" + inJSON + ")", .refused),
        ("{\"inserted\":1}", .unknown), ("<!--" + inJSON, .unknown),
    ]

    @Test(
        "an import is done when its own state says so, and by nothing else",
        arguments: [
            (
                #"{"import":{"id":3,"href":"h","state":"COMPLETE","tasks":[{"state":"COMPLETE"}]}}"#,
                true
            ),
            (
                #"{ "import" : { "data":{"state":"x"}, "a":["state"], "state" : "COMPLETE" } }"#,
                true
            ),
            (
                #"{"import":{"id":3,"state":"RUNNING","tasks":[{"id":0,"state":"COMPLETE"}]}}"#,
                false
            ),
            (#"{"import":{"tasks":[{"state":"COMPLETE"}],"state":"PENDING"}}"#, false),
            (#"{"import":{"tasks":{"state":"COMPLETE"}}}"#, false),
            (#"{"imports":[{"id":3,"state":"COMPLETE"}]}"#, false),
            (#"{"state":"COMPLETE"}"#, false),
            (#"{"import":{"a":"\"state\":\"COMPLETE\""}}"#, false),
            (#"{"import":{"state":"COMPLETE"#, false),
            ("<import><state>COMPLETE</state></import>", false),
            ("", false), (#"]]}":,"#, false), (#""\"#, false),
        ])
    func state(_ body: String, _ isDone: Bool) {
        for ends in [[], Array(0..<body.utf8.count)] {
            #expect(
                outcome(Array(body.utf8), form: .state, ends: ends)
                    == (isDone ? .happened : .refused), "\(body)")
        }
        #expect(outcome(Array(body.utf8), form: .state, isWhole: false) == .refused)
        for status in [204, 302, 404, 500, 504] where status != 204 || !isDone {
            #expect(outcome(Array(body.utf8), status: status, form: .state) == .refused)
        }
    }

    /// GeoServer's `exceptions=application/json`.
    static let inJSON =
        " {\"version\":\"1.1.0\",\"exceptions\":[{\"code\":\"NoApplicableCode\",\"text\":\"no\"}]}"

    @Test("WFS 1.0, 1.1 and 2.0, exceptions in 200, and what is neither", arguments: table)
    func transactions(_ body: String, _ expected: WriteOutcome) {
        let bytes = Array(body.utf8)
        #expect(outcome(bytes) == expected, "\(body)")
        for end in 0...bytes.count { #expect(outcome(bytes, ends: [end]) == expected) }
        if expected == .refused {
            // Of JSON the framing tells where it ends.
            for end in 0..<bytes.count where !body.contains("{") {
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
            ("<wfs:Native vendorId='x'/>", .transaction), ("<wfs:Native", .transaction),
        ])
    func forms(_ operations: String, _ expected: ObservedWrite.ResponseForm) {
        let read = Writes.read(Writes.transaction(operations))
        guard case .write(let write) = read else {
            Issue.record("\(operations) is no write")
            return
        }
        #expect(write.response == expected)
    }

    @Test("of what was not read, only a transaction's answer says that it was one")
    func doubtful() {
        for (body, expected) in Self.table {
            let isOther =
                ["<html/>", "", "{}"].contains(body) || body.contains("Exception")
                || body.contains("{\"")
            let isTold = body.contains("TransactionResponse")
            let wanted: WriteOutcome = isOther && !isTold ? .refused : expected
            #expect(outcome(Array(body.utf8), form: .doubtful) == wanted, "\(body)")
        }
        #expect(outcome(Array("\u{89}PNG".utf8), form: .doubtful, isWhole: false) == .refused)
        #expect(outcome(Array("<Capabilities>".utf8), form: .doubtful, isWhole: false) == .refused)
        #expect(outcome(Array("<Trans".utf8), form: .doubtful, isWhole: false) == .unknown)
        // It was a process, or a catalogue was filled; by what nobody could read.
        for name in ["wps:ExecuteResponse", "wps:StatusInfo", "wps:Result", "HarvestResponse"] {
            let answer = "<\(name) xmlns:wps='p'><a/></\(name)>"
            #expect(outcome(Array(answer.utf8), form: .doubtful) == .unknown, "\(name)")
            #expect(outcome(Array(Self.soap(answer).utf8), form: .doubtful) == .unknown)
        }
        for status in [302, 400, 404] {
            #expect(outcome([], status: status, form: .doubtful) == .refused)
        }
        #expect(outcome([], status: 502, form: .doubtful) == .unknown)
    }

    @Test("a command to the tile cache was done by a 2xx; who stands between cannot say it was not")
    func commands() {
        for (statuses, expected) in [
            ([200, 204], WriteOutcome.happened), ([302, 400, 403, 500, 503], .refused),
            ([408, 499, 502, 504], .unknown),
        ] {
            for status in statuses {
                #expect(outcome([], status: status, form: .command) == expected, "\(status)")
            }
        }
    }

    @Test(
        "a process is done unless it says that it failed",
        arguments: [
            ("geonode:X", WriteOutcome.happened), ("", .happened), ("<a/>", .happened),
            (readOnly, .refused), (soap(readOnly), .refused), (soap("<s:Fault/>"), .refused),
            ("<ExecuteResponse><Status><ProcessFailed/></Status></ExecuteResponse>", .refused),
            ("<ExecuteResponse><Status><ProcessAccepted/></Status></ExecuteResponse>", .happened),
        ])
    func processes(_ body: String, _ expected: WriteOutcome) {
        #expect(outcome(Array(body.utf8), form: .process) == expected)
        #expect(
            outcome(Array(body.utf8), form: .process, isWhole: false) != .refused
                || body.contains("Failed"))
        #expect(outcome([], status: 400, form: .process) == .refused)
    }

    private static func soap(_ letter: String) -> String {
        let plain = letter.replacing("<?xml version='1.0'?>", with: "")
            .replacing("<!DOCTYPE ServiceExceptionReport SYSTEM 'http://h/x.dtd'>", with: "")
        return "<s:Envelope xmlns:s='s'><s:Header/><s:Body>\(plain)</s:Body></s:Envelope>"
    }

    @Test("what SOAP wraps says what it says without it")
    func wrapped() {
        #expect(outcome(Array(Self.soap(Self.old("SUCCESS")).utf8)) == .happened)
        #expect(outcome(Array(Self.soap(Self.readOnly).utf8)) == .refused)
        #expect(outcome(Array(Self.soap("<s:Fault/>").utf8)) == .refused)
        #expect(outcome(Array(Self.soap("<a/>").utf8)) == .unknown)
    }

    @Test(
        "whoever is sent to sign in was refused",
        arguments: [
            ("/accounts/login/?next=/layers/", true), ("http://h/signin?a=b&next=x", true),
            ("./wicket/bookmarkable/org.geoserver.web.GeoServerLoginPage?error=false", true),
            ("/layers/login", false), ("/accounts/login/", false), ("/story/a/?next=x", false),
            ("", false), ("?", false),
        ])
    func signIn(_ location: String, _ expected: Bool) {
        let bytes = Array(location.utf8)
        #expect(WriteOutcome.leadsToSignIn(bytes.span.bytes) == expected)
        for form in [ObservedWrite.ResponseForm.status, .transaction] {
            let reader = WriteResponseReader(status: 302, form: form, isTurnedAway: expected)
            var copy = reader
            #expect(copy.finish(isWhole: true) == (expected ? .refused : .happened))
        }
    }

    @Test(
        "no page to sign in at stands behind the success of a REST interface",
        arguments: [
            ("/accounts/login/", true), ("http://h/signin", true), ("/login?a=b", true),
            ("/layers/", false), ("", false), ("?", false),
        ])
    func signInByInterface(_ location: String, _ expected: Bool) {
        let bytes = Array(location.utf8)
        #expect(
            WriteOutcome.leadsToSignIn(bytes.span.bytes, isInterface: true) == expected)
        for (path, isInterface) in [
            ("/gs/rest/styles/S.xml", true), ("/geoserver/rest/reload", true),
            ("/geoserver/gwc/rest/masstruncate", true), ("/gs/x", true),
            ("/accounts/password/reset/", false), ("/layers/rest:a/replace", false), ("/", false),
        ] {
            let bytes = Array(path.utf8)
            #expect(WriteRequest.isInterface(bytes.span.bytes) == isInterface, "\(path)")
        }
    }

    @Test(
        "who is sent to the same path by another spelling has written nothing",
        arguments: [
            (301, "https://h/x/permissions", true), (301, "/x/permissions", true),
            (301, "/x/permissions/", true), (302, "/x/permissions/", true),
            (303, "//other/x/permissions/?a#b", true), (302, "HTTPS://h/%78/permissions/", true),
            // A form that is done may lead back to its own page.
            (302, "/x/permissions", false), (303, "http://h/x/permissions?saved", false),
            (301, "/x", false), (301, "https://h", false), (302, "", false),
            // A query alone leads to the path that was asked for, as a form's own page does.
            (302, "?saved", false), (301, "?a", true),
        ])
    func leadsBack(_ status: Int, _ location: String, _ expected: Bool) {
        let (target, path) = (Array(location.utf8), Array("/x/permissions".utf8))
        #expect(
            Self.leadsBack(status, target, to: path, "saved", isPlain: false) == expected)
        let root = Array("/".utf8)
        #expect(Self.leadsBack(301, Array("https://h".utf8), to: root, "", isPlain: false))
    }

    private static func leadsBack(
        _ status: Int, _ location: [UInt8], to path: [UInt8], _ query: String, isPlain: Bool
    ) -> Bool {
        let query = Array(query.utf8)
        return WriteOutcome.leadsBack(
            status: status, location.span.bytes, to: path.span.bytes, query: query.span.bytes,
            isPlain: isPlain)
    }

    @Test(
        "who came by http and is sent to https with all that was asked for has written nothing",
        arguments: [
            ("https://h/x?a=b%2Fc", true), ("HTTPS://h:8443/x?a=b/c#d", true),
            ("https://h/x", false), ("https://h/x?a=b/c&saved", false), ("http://h/x?a=b/c", false),
            ("/x?a=b/c", false), ("https://h/y?a=b/c", false),
        ])
    func leadsToTLS(_ location: String, _ expected: Bool) {
        let (target, path) = (Array(location.utf8), Array("/x".utf8))
        for status in [302, 303] {
            #expect(
                Self.leadsBack(status, target, to: path, "a=b/c", isPlain: true) == expected)
            // Who came by https may be led back by a form's absolute link.
            #expect(!Self.leadsBack(status, target, to: path, "a=b/c", isPlain: false))
        }
    }

    @Test("without credentials a server's success counts, and what it does not say does not")
    func unproved() {
        for form in [ObservedWrite.ResponseForm.status, .command] {
            for status in [301, 302, 303, 404, 408, 499] {
                for outcome in [WriteOutcome.happened, .unknown, .refused] {
                    #expect(outcome.withoutCredentials(status: status, form: form) == .refused)
                }
            }
            for status in [nil, 500, 502, 504] as [Int?] {
                let ask = { (outcome: WriteOutcome) in
                    outcome.withoutCredentials(status: status, form: form)
                }
                #expect(ask(.unknown) == .unknown && ask(.refused) == .refused)
            }
            #expect(
                WriteOutcome.happened.withoutCredentials(status: 204, form: form) == .happened)
        }
        for form in [ObservedWrite.ResponseForm.transaction, .divisible, .process, .doubtful] {
            #expect(WriteOutcome.unknown.withoutCredentials(status: 502, form: form) == .unknown)
        }
    }

    @Test("a status by itself")
    func statuses() {
        for form in [ObservedWrite.ResponseForm.status, .transaction] {
            for status in [307, 308, 400, 401, 403, 404, 405, 409, 415, 429] {
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
