import CloudFront
import HTTP
import Synchronization

extension CloudFrontAPI {
    /// Most tags of a resource.
    static var tagsMax: Int { 50 }

    /// ListTagsForResource, TagResource, UntagResource.
    func tagging(_ request: APIRequest) throws(APIError) -> Answer {
        guard let resource = request.parameter("Resource"), resource.hasPrefix("arn:") else {
            throw .invalidArgument("The Resource is no ARN.")
        }
        // Whoever's account it is: an edge has none.
        guard resource.hasSuffix(":distribution/\(state.distribution.id)") else {
            throw .noSuchResource
        }
        switch (request.method, request.parameter("Operation")) {
        case (.get, nil):
            let items = state.tags.map { tag in
                ConfigNode.map(["Key": .text(tag.key), "Value": .text(tag.value)])
            }
            return Answer(
                200, APIDocument(root: "Tags", .map(["Items": ConfigNode(.list(items))])))
        case (.post, "Tag"): return try change(try added(request))
        case (.post, "Untag"): return try change(try removed(request))
        default: throw unknown(request)
        }
    }

    private func change(
        _ edit: ([ResourceTag]) -> [ResourceTag]
    ) throws(APIError) -> Answer {
        try creating.withLock { _ throws(APIError) in
            let tags = edit(state.tags)
            guard tags.count <= Self.tagsMax else { throw .invalidTagging }
            try state.replaceTags(tags)
        }
        return Answer(204)
    }

    private func added(
        _ request: APIRequest
    ) throws(APIError) -> ([ResourceTag]) -> [ResourceTag] {
        let node = try document(request, root: "Tags")
        guard let items = node["Items"]?.list else { throw .invalidTagging }
        var new: [ResourceTag] = []
        for item in items {
            let tag = ResourceTag(key: item.text("Key") ?? "", value: item.text("Value") ?? "")
            let isSound =
                (1...128).contains(tag.key.unicodeScalars.count)
                && tag.value.unicodeScalars.count <= 256 && !tag.key.hasPrefix("aws:")
            guard isSound else { throw .invalidTagging }
            new.append(tag)
        }
        return { [new] tags in
            var tags = tags
            for tag in new {
                if let index = tags.firstIndex(where: { $0.key == tag.key }) {
                    tags[index] = tag
                } else {
                    tags.append(tag)
                }
            }
            return tags
        }
    }

    private func removed(
        _ request: APIRequest
    ) throws(APIError) -> ([ResourceTag]) -> [ResourceTag] {
        let node = try document(request, root: "TagKeys")
        guard let items = node["Items"]?.list else { throw .invalidTagging }
        let keys = items.compactMap(\.scalar)
        return { tags in tags.filter { !keys.contains($0.key) } }
    }
}
