import Caching
import CloudFront
import Control
import Edge
import HTTP
import Testing

/// The distribution that the project ships, and questions to it.
struct MapStoryDistribution {
    let distribution: Distribution
    let findings: [String]

    init() throws {
        let reading = Self.reading()
        // That behaviors have no class is said of each import, whatever it holds.
        findings = reading.warnings.map(\.description).filter { !$0.contains("have no class") }
        distribution = try #require(
            reading.configuration.settings.distribution?.distribution, "\(findings)")
    }

    /// The distribution with its policies, for origins on this machine.
    ///
    /// - Parameter file: the configuration beside it, in `conf`; nil: none.
    static func reading(file: String? = nil) -> ConfigurationReading {
        let conf = "\(ProjectFiles.tests)../../conf"
        var flags = ConfigurationFlags()
        flags.distribution = "\(conf)/distribution.json"
        flags.policies = "\(conf)/policies"
        flags.origins = ["pages=http://127.0.0.1:1", "geoserver=http://127.0.0.1:2"]
        return Configuration.read(
            file: file.map { "\(conf)/\($0)" }, flags: flags, resolver: TableResolver())
    }

    /// The first behavior that the target's path matches.
    func behavior(_ target: String) -> Behavior {
        let path = Array(target.prefix { $0 != "?" }.utf8)
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: path.count, alignment: 1)
        defer { scratch.deallocate() }
        return distribution.behaviors[
            distribution.behaviorIndex(for: path.span.bytes, scratch: scratch)]
    }

    /// What the behavior takes of a GET into the key.
    func key(_ target: String, _ fields: [String] = []) throws -> [UInt8] {
        let lines = ["GET \(target) HTTP/1.1", "Host: mapstory.org"].filter { line in
            !(line.hasPrefix("Host:") && fields.contains { $0.hasPrefix("Host:") })
        }
        let bytes = Array(((lines + fields).joined(separator: "\r\n") + "\r\n\r\n").utf8)
        var scan = HeadScan()
        var head = RequestHead()
        #expect(parseRequest(bytes.span.bytes, &scan, limits: .request, into: &head) == .complete)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 1)
        defer { memory.deallocate() }
        var key = CanonicalKey(UnsafeMutableRawBufferPointer(rebasing: memory[..<8_192]))
        let isUsable = behavior(target).key.append(
            to: &key, head, query: bytes.span.bytes.extracting(head.query.range),
            bytes: bytes.span.bytes, generated: HeaderTable(),
            generatedBytes: bytes.span.bytes,
            scratch: UnsafeMutableRawBufferPointer(rebasing: memory[8_192...]))
        try #require(isUsable)
        return Array(key.bytes)
    }

    /// What becomes of a viewer's field on its way to the origin.
    func fate(of name: String, _ method: HTTP.Method, _ target: String) -> FieldFate {
        let bytes = Array(name.utf8)
        return behavior(target).forwarding.fate(
            of: bytes.span.bytes, KnownField.named(bytes.span.bytes), method: method)
    }
}
