import Control
import Glibc
import WireTesting

/// Files of a test, in a directory that goes with it.
final class ExportFiles: Sendable {
    private let place: TemporaryDirectory

    init() {
        do { place = try TemporaryDirectory() } catch { preconditionFailure("\(error)") }
        mkdir(policies, 0o700)
    }

    var directory: String { place.path }
    var policies: String { "\(directory)/policies" }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let path = "\(directory)/\(name)"
        try writeTextFile(path, text)
        return path
    }

    /// What an export, a file and flags come to.
    func reading(
        _ export: Export, _ text: String = "",
        _ change: (inout ConfigurationFlags) -> Void = { _ in }
    ) throws -> ConfigurationReading {
        let path = try write("dist.json", export.json)
        return ControlTests.reading(text) {
            $0.distribution = path
            change(&$0)
        }
    }

    /// What is found, with the directory left out.
    func lines(_ reading: ConfigurationReading, errorsOnly: Bool = false) -> [String] {
        let findings = reading.findings.filter { !errorsOnly || $0.severity == .error }
        return findings.map { $0.description.replacing("\(directory)/", with: "") }
    }
}

/// A DistributionConfig as the AWS CLI prints it.
struct Export {
    /// CachingOptimized, which has nothing that surprises.
    static let policy = "\"CachePolicyId\": \"658327ea-f89d-4fab-a63d-7e88639e58f6\""
    static let custom =
        "\"HTTPPort\": 80, \"HTTPSPort\": 443, \"OriginProtocolPolicy\": \"http-only\""

    var origins = [Export.origin("maps")]
    var groups: [String] = []
    var behaviors: [String] = []
    var standard = Export.behavior("maps")
    /// More members, with a comma before each.
    var more = ""

    static func origin(
        _ id: String, _ domain: String = "tiles.test", custom: String = Export.custom,
        more: String = ""
    ) -> String {
        """
        { "Id": "\(id)", "DomainName": "\(domain)", "CustomOriginConfig": { \(custom) }\(more) }
        """
    }

    static func behavior(
        _ target: String, _ pattern: String? = nil, caching: String = Export.policy,
        more: String = ""
    ) -> String {
        let path = pattern.map { "\"PathPattern\": \"\($0)\", " } ?? ""
        return """
            { \(path)"TargetOriginId": "\(target)", "ViewerProtocolPolicy": "allow-all", \
            \(caching)\(more) }
            """
    }

    static func list(_ items: [String]) -> String {
        "{ \"Quantity\": \(items.count), \"Items\": [\n\(items.joined(separator: ",\n")) ] }"
    }

    var config: String {
        """
        { "CallerReference": "maps-2026", "Comment": "", "Enabled": true,
        "Origins": \(Export.list(origins)),
        "OriginGroups": \(Export.list(groups)),
        "CacheBehaviors": \(Export.list(behaviors)),
        "DefaultCacheBehavior": \(standard)\(more) }
        """
    }

    var json: String { "{ \"ETag\": \"E2QWRUHAPOMQZL\", \"DistributionConfig\": \(config) }" }
}
