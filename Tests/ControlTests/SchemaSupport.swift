import CloudFront
import Edge
import Foundation
import Testing

@testable import Control

/// What becomes of one member of a DistributionConfig when its author changes it.
struct SchemaRow: CustomTestStringConvertible {
    enum Fate {
        /// What the edge serves by is another.
        case served
        /// `check` has a finding at that place.
        case told(String)
        /// `check` has a mistake there: the member is followed, and leads nowhere.
        case refused(String)
        /// The API gives it back; it means nothing to anybody else.
        case label
    }

    /// The member that it is about, as in the table: `Origins.Items[0].Id`, `Aliases.Items[]`.
    let member: String
    /// What is set: the member, or the list that has it.
    let path: String
    let value: any Sendable
    let fate: Fate
    /// What has to be so for the member to mean anything.
    var also: [(String, any Sendable)] = []

    init(
        _ path: String, _ value: any Sendable, _ fate: Fate, also: [(String, any Sendable)] = []
    ) {
        (member, self.path) = (path, path)
        self.value = value
        self.fate = fate
        self.also = also
    }

    /// A member that stands in a list, which is set as a whole.
    init(
        listed member: String, _ fate: Fate, at path: String, _ value: any Sendable,
        also: [(String, any Sendable)] = []
    ) {
        self.member = member
        self.path = path
        self.value = value
        self.fate = fate
        self.also = also
    }

    var testDescription: String { member }

    /// As AWS's model names the member, with behaviors of both kinds under one name.
    var modelPath: String { SchemaRow.modelPath(member) }

    static func modelPath(_ path: String) -> String {
        path.replacing(/\[\d+\]/, with: "[]")
            .replacing("DefaultCacheBehavior.", with: "Behavior.")
            .replacing("CacheBehaviors.Items[].", with: "Behavior.")
    }
}

/// A document that can be changed at a path.
struct SchemaDocument {
    private(set) var root: [String: Any]

    init(_ json: String) throws {
        root = try #require(
            JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    /// Makes the maps on the way that are missing; a list's Quantity follows.
    mutating func set(_ path: String, _ value: Any) throws {
        let steps = path.replacing("[", with: ".").replacing("]", with: "").split(separator: ".")
        root = try #require(set(root, steps[...].map { String($0) }[...], value) as? [String: Any])
    }

    private func set(_ node: Any, _ steps: ArraySlice<String>, _ value: Any) -> Any {
        guard let step = steps.first else { return value }
        let rest = steps.dropFirst()
        if let index = Int(step), var list = node as? [Any] {
            list[index] = set(list[index], rest, value)
            return list
        }
        var map = node as? [String: Any] ?? [:]
        map[step] = set(map[step] ?? [String: Any](), rest, value)
        if step == "Items", let list = map[step] as? [Any] { map["Quantity"] = list.count }
        return map
    }

    /// As the AWS CLI prints it.
    var json: String {
        get throws {
            String(
                decoding: try JSONSerialization.data(
                    withJSONObject: ["ETag": "E1", "DistributionConfig": root],
                    options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]),
                as: UTF8.self)
        }
    }
}

extension Configuration {
    /// All that the edge serves a distribution by, without the lines it was read from.
    var servedFacts: String {
        guard let served = settings.distribution else { return "" }
        let config = served.distribution.config
        let behaviors = settings.behaviors.map { behavior in
            var behavior = behavior
            behavior.imported?.behavior.place = ConfigPlace("")
            return "\(behavior)"
        }
        let errors = config.customErrorResponses.map {
            "\($0.errorCode) \($0.errorCachingMinTTL) \(String(describing: $0.page))"
        }
        return """
            \(served.id) \(config.aliases) \(config.defaultRootObject) \(config.isEnabled)
            \(config.geoRestriction) \(config.cacheTagHeaderName) \(config.logging.includesCookies)
            \(errors)
            \(settings.origins)
            \(behaviors)
            """
    }
}
