import CloudFront

/// CreateInvalidation and GetInvalidation of one distribution. Each blocks for one attempt: when to
/// try again is `OutgoingInvalidations`' affair.
///
/// Source: Amazon CloudFront API Reference, 2020-05-31.
struct OutgoingCalls: Sendable {
    /// Returns the id, and whether it is completed already.
    var create: @Sendable (OutgoingBatch) throws(AWSError) -> (id: String, isCompleted: Bool)
    var isCompleted: @Sendable (_ id: String) throws(AWSError) -> Bool
}

extension OutgoingCalls {
    /// To CloudFront itself, or what stands for it.
    init(_ client: AWSClient, distribution: String) {
        let path = "\(CloudFrontAPI.pathPrefix)/distribution/\(distribution)/invalidation"
        create = { batch throws(AWSError) in
            let reply = try client.exchange(
                .cloudFront, "CreateInvalidation", "POST", path, body: batch.document)
            guard let id = reply.value("Id") else {
                throw AWSError(
                    .unavailable, "CreateInvalidation was answered without an id; it is asked again"
                )
            }
            return (id, reply.isCompleted)
        }
        isCompleted = { id throws(AWSError) in
            let escaped = percentEncoded(id)
            return try client.exchange(.cloudFront, "GetInvalidation", "GET", "\(path)/\(escaped)")
                .isCompleted
        }
    }
}

extension AWSElement {
    /// Whatever the case: stand-ins differ.
    fileprivate var isCompleted: Bool { value("Status")?.lowercased() == "completed" }
}

extension OutgoingBatch {
    /// The body of CreateInvalidation.
    var document: [UInt8] {
        let document = APIDocument(
            root: "InvalidationBatch",
            .map([
                "Paths": .quantity(items.map { .text($0) }), "CallerReference": .text(reference),
            ]))
        return Array(document.xml.utf8)
    }
}

extension OutgoingInvalidations.Answer {
    /// What an error of CreateInvalidation means for the batch.
    init(_ error: AWSError) {
        let isAboutReference = error.description.lowercased().contains("caller reference")
        switch (error.kind, error.code) {
        case (.throttled, _): self = .throttled
        case (.unavailable, _), (.expired, _): self = .unavailable
        case (_, "TooManyInvalidationsInProgress"): self = .quotaExceeded
        case (_, "InvalidationBatchAlreadyExists"): self = .referenceUsed
        case (_, "InvalidArgument") where isAboutReference: self = .referenceUsed
        case (_, "InvalidArgument"), (_, "BatchTooLarge"), (_, "InconsistentQuantities"),
            (_, "MalformedXML"), (_, "MalformedInput"):
            self = .itemsRefused
        default: self = .refused
        }
    }
}
