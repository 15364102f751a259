import CloudFront
import HTTP
import Synchronization

/// CloudFront's API, version 2020-05-31, as far as one edge can mean it: an unmodified `aws` or SDK
/// that is pointed here invalidates, lists, and reads and updates the one distribution.
///
/// A request in, an answer out: no socket and no clock. What asks for something that an edge has
/// not is AccessDenied with a sentence that says so, never a server's error, which clients would
/// repeat.
public final class CloudFrontAPI: Sendable {
    /// What the paths of the API begin with.
    public static let pathPrefix = "/2020-05-31"

    private struct Rules {
        var settings: APISettings
        /// nil takes every request, signed or not.
        var verifier: SignatureVerifier?

        init(_ settings: APISettings) {
            self.settings = settings
            verifier =
                settings.credentials.isEmpty ? nil : SignatureVerifier(settings.credentials)
        }
    }

    let state: any DistributionState
    private let rules: Mutex<Rules>
    // A reference must be compared, and a quota counted, with nobody in between.
    let creating = Mutex(())

    public init(_ state: some DistributionState, settings: APISettings = APISettings()) {
        self.state = state
        rules = Mutex(Rules(settings))
    }

    /// What is in force now.
    var settings: APISettings { rules.withLock { $0.settings } }

    /// Puts other settings in force, from the next request on.
    func adopt(_ settings: APISettings) { rules.withLock { $0 = Rules(settings) } }

    /// The answer to a request whose head alone says that nothing comes of it: not signed, not
    /// lately, or by a stranger. nil: take its body, and see.
    ///
    /// - Parameter now: the machine's time, whatever the edge's clock says: clients sign by it.
    func refusal(of head: APIRequest, now: Int64) -> APIResponse? {
        do throws(APIError) {
            if let verifier = rules.withLock({ $0.verifier }) {
                _ = try verifier.identify(head, now: now)
            }
            return nil
        } catch {
            return response(Answer(error, head.id), head)
        }
    }

    /// - Parameters:
    ///   - now: the edge's time, in milliseconds since 1970.
    ///   - machineTime: the machine's, by which signatures are judged; nil: the same.
    public func answer(
        _ request: APIRequest, now: Int64, machineTime: Int64? = nil
    ) -> APIResponse {
        do throws(APIError) {
            try rules.withLock({ $0.verifier })?.verify(request, now: machineTime ?? now)
            return response(try dispatch(request, now), request)
        } catch {
            var error = error
            if error.code == .malformedXML { error.code = settings.malformedCode }
            return response(Answer(error, request.id), request)
        }
    }

    private func response(_ answer: Answer, _ request: APIRequest) -> APIResponse {
        var answer = answer
        answer.headers.append(("x-amzn-RequestId", request.id))
        var body: [UInt8] = []
        if let document = answer.document {
            body = Array(document.xml.utf8)
            answer.headers.append(("Content-Type", "text/xml"))
        }
        return APIResponse(status: answer.status, headers: answer.headers, body: body)
    }

    private func dispatch(_ request: APIRequest, _ now: Int64) throws(APIError) -> Answer {
        let segments = request.pathSegments.dropFirst()
        let rest = Array(segments.dropFirst())
        switch segments.first {
        case "distribution": return try distribution(request, rest, now)
        case "tagging" where rest.isEmpty: return try tagging(request)
        case "distribution-tenant": throw .entityNotFound
        case let word?:
            if let kind = PolicyKind.allCases.first(where: { $0.pathWord == word }) {
                return try policies(kind, request, rest)
            }
            if let kind = SignerKind.allCases.first(where: { $0.pathWord == word }) {
                return try signers(kind, request, rest)
            }
            return try emptyList(word, request, rest)
        case nil: throw unknown(request)
        }
    }

    private func distribution(
        _ request: APIRequest, _ rest: [String], _ now: Int64
    ) throws(APIError) -> Answer {
        guard let id = rest.first else {
            switch request.method {
            case .get: return try listDistributions(request)
            case .post: throw refuseAnother(request)
            default: throw unknown(request)
            }
        }
        guard id == state.distribution.id else { throw .noSuchDistribution }
        switch (request.method, rest.count, rest.dropFirst().first) {
        case (.get, 1, _): return describeDistribution(now)
        case (.delete, 1, _): throw try refuseDeletion(request)
        case (.get, 2, "config"): return describeConfig()
        case (.put, 2, "config"): return try update(request, now)
        case (.post, 2, "invalidation"): return try createInvalidation(request, now)
        case (.get, 2, "invalidation"): return try listInvalidations(request, now)
        case (.get, 3, "invalidation"): return try describeInvalidation(rest[2], now)
        default: throw unknown(request)
        }
    }

    /// Lists of what an edge never has.
    private func emptyList(
        _ word: String, _ request: APIRequest, _ rest: [String]
    ) throws(APIError) -> Answer {
        let roots = [
            "function": "FunctionList", "origin-access-control": "OriginAccessControlList",
        ]
        guard let root = roots[word], rest.isEmpty, request.method == .get else {
            throw unknown(request)
        }
        let page = try Page<String>(of: [], request, limit: settings.pageItems) { $0 }
        // Only the last of them says whether there is more.
        let isTruncated: ConfigNode? = word == "origin-access-control" ? .text(false) : nil
        return Answer(
            200,
            APIDocument(
                root: root,
                .map([
                    "Marker": isTruncated.map { _ in .text(page.marker) },
                    "MaxItems": .text(page.itemsMax), "IsTruncated": isTruncated,
                    "Quantity": .text(0),
                ])))
    }

    func unknown(_ request: APIRequest) -> APIError {
        .accessDenied("This edge does not offer this operation.")
    }

    /// The document in the body of a request.
    func document(_ request: APIRequest, root: String) throws(APIError) -> ConfigNode {
        guard !request.body.isEmpty else { throw .missingBody }
        let document: APIDocument
        do throws(APIDocumentError) {
            document = unsafe try APIDocument(
                parsing: request.body.span.bytes, limits: APIDocument.limits)
        } catch {
            throw .malformedXML("The XML document is malformed: \(error).")
        }
        guard document.root == root else {
            throw .malformedXML("The root element is \(document.root) and not \(root).")
        }
        return document.node
    }

    /// Compares If-Match with the version in force.
    func checkVersion(_ request: APIRequest, _ version: String) throws(APIError) {
        // Some clients put an ETag in quotes, as HTTP would have it.
        guard let asked = request.header("if-match")?.filter({ $0 != "\"" }), isVersion(asked)
        else { throw .invalidIfMatchVersion }
        guard asked == version else { throw .preconditionFailed }
    }
}

/// An answer before it is written.
struct Answer {
    var status: Int
    var headers: [(name: String, value: String)] = []
    var document: APIDocument?

    init(_ status: Int, _ document: APIDocument? = nil, version: String? = nil) {
        self.status = status
        self.document = document
        if let version { headers.append(("ETag", version)) }
    }

    init(_ error: APIError, _ id: String) {
        status = error.code.status
        document = APIDocument(
            root: "ErrorResponse",
            .map([
                "Error": .map([
                    "Type": .text(status < 500 ? "Sender" : "Receiver"),
                    "Code": .text(error.code.rawValue), "Message": .text(error.message),
                ]), "RequestId": .text(id),
            ]))
    }
}
