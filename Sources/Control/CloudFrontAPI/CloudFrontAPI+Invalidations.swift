import CloudFront
import Edge
import Synchronization

extension CloudFrontAPI {
    /// CreateInvalidation. It is in effect when this returns, whatever its status says.
    ///
    /// Three parameters are ours: `Soft=true` ends lifetimes and kills nothing, `DryRun=true` only
    /// counts what is stored, and `Advice=true` has the answer say which of the items clear less
    /// than their author may think; CloudFront's own has no such member.
    func createInvalidation(_ request: APIRequest, _ now: Int64) throws(APIError) -> Answer {
        let node = try document(request, root: "InvalidationBatch")
        let batch = try InvalidationBatch(node)
        let advice = try flag("Advice", request) ? advice(on: batch) : nil
        if try flag("DryRun", request) { return Answer(200, try estimate(batch, advice)) }
        let isSoft = try flag("Soft", request)
        let invalidation = try creating.withLock { _ throws(APIError) in
            try create(batch, isSoft, request.id, now)
        }
        var answer = Answer(201, describe(invalidation, now, advice))
        let path = "distribution/\(state.distribution.id)/invalidation/\(invalidation.id)"
        answer.headers.append(
            ("Location", "https://cloudfront.amazonaws.com\(Self.pathPrefix)/\(path)"))
        return answer
    }

    private func create(
        _ batch: InvalidationBatch, _ isSoft: Bool, _ requestID: String, _ now: Int64
    ) throws(APIError) -> InvalidationRecord {
        let earlier = state.invalidations
        let reference = batch.callerReference
        if let same = earlier.first(where: { $0.callerReference == reference }) {
            let isSame = batch.isSame(as: same.items, inOrder: settings.ordersReferencePaths)
            guard isSame, isSoft == same.isSoft else {
                throw .referenceReused(settings.reusedReference)
            }
            return same
        }
        var quota = InvalidationQuota()
        for record in running(now) { quota.count(record.items) }
        try quota.add(batch)
        let number = try state.invalidate(batch.targets, isSoft: isSoft)
        let invalidation = InvalidationRecord(
            id: identifier("I", from: "\(requestID) \(now) \(reference)"), created: now,
            items: batch.items, callerReference: reference, isSoft: isSoft,
            number: number)
        // After a crash between the two the client has no answer; asked again, it is done again.
        try state.record(invalidation)
        return invalidation
    }

    private func flag(_ name: String, _ request: APIRequest) throws(APIError) -> Bool {
        switch request.parameter(name) {
        case nil, "false": return false
        case "true": return true
        default: throw .invalidArgument("\(name) is neither true nor false.")
        }
    }

    /// A line for each item on which there is something to say.
    private func advice(on batch: InvalidationBatch) -> ConfigNode {
        .quantity(
            zip(batch.items, batch.targets).compactMap { item, target in
                state.advice(on: target).map { .text("\(item): \($0)") }
            })
    }

    private func estimate(
        _ batch: InvalidationBatch, _ advice: ConfigNode?
    ) throws(APIError) -> APIDocument {
        let count = try state.count(batch.targets)
        return APIDocument(
            root: "InvalidationEstimate",
            .map([
                "Entries": .text(count.entries), "Bytes": .text(count.bytes),
                "IsComplete": .text(count.isComplete), "Advice": advice,
            ]))
    }

    /// GetInvalidation.
    func describeInvalidation(_ id: String, _ now: Int64) throws(APIError) -> Answer {
        guard let found = state.invalidations.first(where: { $0.id == id }) else {
            throw .noSuchInvalidation
        }
        return Answer(200, describe(found, now))
    }

    /// The invalidation that an explanation names, with what the API calls it and when it came; as
    /// it is where it came from elsewhere, as a write does. A store that was begun anew counts
    /// anew, so that the newest is meant.
    func named(_ invalidation: Explanation.Invalidation) -> Explanation.Invalidation {
        var named = invalidation
        guard invalidation.mayBeOfAPI,
            let record = state.invalidations.first(where: { $0.number == invalidation.number })
        else { return named }
        (named.id, named.time) = (record.id, record.created)
        return named
    }

    /// ListInvalidations.
    func listInvalidations(_ request: APIRequest, _ now: Int64) throws(APIError) -> Answer {
        let page = try Page(of: state.invalidations, request, limit: settings.pageItems) { $0.id }
        let summaries = page.items.map { invalidation in
            ConfigNode.map([
                "Id": .text(invalidation.id),
                "CreateTime": .text(timestampText(invalidation.created)),
                "Status": .text(status(invalidation, now)),
            ])
        }
        return Answer(200, APIDocument(root: "InvalidationList", list(page, summaries)))
    }

    /// Those in progress; newest first, so that they stand together.
    func running(_ now: Int64) -> ArraySlice<InvalidationRecord> {
        state.invalidations.drop { $0.created > now }.prefix { isInProgress($0, now) }
    }

    /// What a list with Marker and IsTruncated looks like.
    func list<Item>(_ page: Page<Item>, _ items: [ConfigNode]) -> ConfigNode {
        .map([
            "Marker": .text(page.marker), "NextMarker": page.nextMarker.map { .text($0) },
            "MaxItems": .text(page.itemsMax), "IsTruncated": .text(page.nextMarker != nil),
            "Quantity": .text(items.count), "Items": ConfigNode(.list(items)),
        ])
    }

    private func describe(
        _ invalidation: InvalidationRecord, _ now: Int64, _ advice: ConfigNode? = nil
    ) -> APIDocument {
        let items = invalidation.items.map { ConfigNode.text($0) }
        return APIDocument(
            root: "Invalidation",
            .map([
                "Id": .text(invalidation.id), "Status": .text(status(invalidation, now)),
                "CreateTime": .text(timestampText(invalidation.created)),
                "InvalidationBatch": .map([
                    "Paths": .quantity(items),
                    "CallerReference": .text(invalidation.callerReference),
                ]), "Advice": advice,
            ]))
    }

    private func status(_ invalidation: InvalidationRecord, _ now: Int64) -> String {
        isInProgress(invalidation, now) ? "InProgress" : "Completed"
    }

    private func isInProgress(_ invalidation: InvalidationRecord, _ now: Int64) -> Bool {
        // One from the future was created under a clock that was ahead, and is over.
        (0..<max(0, settings.invalidationDelay)).contains(now - invalidation.created)
    }
}
