import CloudFront
import Synchronization

extension CloudFrontAPI {
    /// Most paths and tags of one batch, and of all batches in progress; wildcards apart.
    static var itemsMax: Int { 3_000 }
    /// Most wildcards in progress.
    static var wildcardsMax: Int { 15 }

    /// CreateInvalidation. It is in effect when this returns, whatever its status says.
    func createInvalidation(_ request: APIRequest, _ now: Int64) throws(APIFault) -> Answer {
        let node = try document(request, root: "InvalidationBatch")
        let (items, reference) = try batch(node)
        let invalidation = try creating.withLock { _ throws(APIFault) in
            try create(items, reference, request.id, now)
        }
        var answer = Answer(201, describe(invalidation, now))
        let path = "distribution/\(state.distribution.id)/invalidation/\(invalidation.id)"
        answer.headers.append(
            ("Location", "https://cloudfront.amazonaws.com\(Self.pathPrefix)/\(path)"))
        return answer
    }

    private func batch(
        _ node: ConfigNode
    ) throws(APIFault) -> (items: [String], reference: String) {
        guard let paths = node["Paths"], paths.text("Quantity") != nil else {
            throw .malformedXML("The element Paths with its Quantity is missing.")
        }
        guard let nodes = paths.items else { throw .inconsistentQuantities }
        guard nodes.count <= Self.itemsMax else { throw .batchTooLarge }
        guard let reference = node.text("CallerReference"), !reference.isEmpty else {
            throw .invalidArgument("The CallerReference is missing.")
        }
        let items = nodes.compactMap(\.scalar)
        guard items.count == nodes.count else { throw .malformedXML("A Path is no text.") }
        guard !items.isEmpty else {
            throw .invalidArgument("Your request contains no invalidation paths.")
        }
        try state.check(items)
        return (items, reference)
    }

    private func create(
        _ items: [String], _ reference: String, _ requestID: String, _ now: Int64
    ) throws(APIFault) -> InvalidationRecord {
        let earlier = state.invalidations
        if let same = earlier.first(where: { $0.callerReference == reference }) {
            guard Set(same.items) == Set(items) else {
                throw .referenceReused(options.reusedReference)
            }
            return same
        }
        let invalidation = InvalidationRecord(
            id: identifier("I", from: "\(requestID) \(now) \(reference)"), created: now,
            items: items, callerReference: reference)
        try checkQuotas(invalidation, earlier.filter { isInProgress($0, now) })
        try state.invalidate(items)
        // After a crash between the two the client has no answer; asked again, it is done again.
        try state.record(invalidation)
        return invalidation
    }

    private func checkQuotas(
        _ new: InvalidationRecord, _ running: [InvalidationRecord]
    ) throws(APIFault) {
        let all = running + [new]
        let wildcards = all.reduce(0) { $0 + $1.wildcards }
        if new.wildcards > 0, wildcards > Self.wildcardsMax { throw .tooManyWildcards }
        let others = all.reduce(0) { $0 + $1.items.count } - wildcards
        if others > Self.itemsMax { throw .tooManyInvalidations }
    }

    /// GetInvalidation.
    func describeInvalidation(_ id: String, _ now: Int64) throws(APIFault) -> Answer {
        guard let found = state.invalidations.first(where: { $0.id == id }) else {
            throw .noSuchInvalidation
        }
        return Answer(200, describe(found, now))
    }

    /// ListInvalidations.
    func listInvalidations(_ request: APIRequest, _ now: Int64) throws(APIFault) -> Answer {
        let page = try Page(of: state.invalidations, request) { $0.id }
        let summaries = page.items.map { invalidation in
            ConfigNode.map([
                "Id": .text(invalidation.id),
                "CreateTime": .text(timestampText(invalidation.created)),
                "Status": .text(status(invalidation, now)),
            ])
        }
        return Answer(200, APIDocument(root: "InvalidationList", list(page, summaries)))
    }

    func inProgressCount(_ now: Int64) -> Int {
        // Newest first: those in progress stand together.
        state.invalidations.prefix { isInProgress($0, now) }.count
    }

    /// What a list with Marker and IsTruncated looks like.
    func list<Item>(_ page: Page<Item>, _ items: [ConfigNode]) -> ConfigNode {
        .map([
            "Marker": .text(page.marker), "NextMarker": page.nextMarker.map { .text($0) },
            "MaxItems": .text(page.itemsMax), "IsTruncated": .text(page.nextMarker != nil),
            "Quantity": .text(items.count), "Items": ConfigNode(.list(items)),
        ])
    }

    private func describe(_ invalidation: InvalidationRecord, _ now: Int64) -> APIDocument {
        let items = invalidation.items.map { ConfigNode.text($0) }
        return APIDocument(
            root: "Invalidation",
            .map([
                "Id": .text(invalidation.id), "Status": .text(status(invalidation, now)),
                "CreateTime": .text(timestampText(invalidation.created)),
                "InvalidationBatch": .map([
                    "Paths": .quantity(items),
                    "CallerReference": .text(invalidation.callerReference),
                ]),
            ]))
    }

    private func status(_ invalidation: InvalidationRecord, _ now: Int64) -> String {
        isInProgress(invalidation, now) ? "InProgress" : "Completed"
    }

    private func isInProgress(_ invalidation: InvalidationRecord, _ now: Int64) -> Bool {
        now - invalidation.created < options.invalidationDelay
    }
}
