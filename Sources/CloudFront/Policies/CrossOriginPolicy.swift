import Caching
import HTTP

extension ResponseHeadersPolicy {
    /// Answers to scripts of other sites. Source: CloudFront, "CORS headers"; WHATWG Fetch, §3.2.
    public struct CORS: Sendable, Equatable {
        public let allowOrigins: [String]
        public let allowHeaders: [String]
        public let allowMethods: [String]
        public let exposeHeaders: [String]
        public let allowsCredentials: Bool
        public let maxAgeSeconds: Int?
        /// Whether the policy's fields replace the origin's; else any of the origin's keeps all
        /// of the policy's away.
        public let overridesOrigin: Bool
        /// Header lines behind Access-Control-Allow-Origin, of a preflight's answer and of others.
        public let preflightLines: [UInt8]
        public let simpleLines: [UInt8]
        /// `allowOrigins` in one piece of memory.
        private let origins: NameList

        public init(
            allowOrigins: [String], allowHeaders: [String], allowMethods: [String],
            exposeHeaders: [String], allowsCredentials: Bool, maxAgeSeconds: Int?,
            overridesOrigin: Bool
        ) {
            self.allowOrigins = allowOrigins
            origins = NameList(allowOrigins, matching: .exactly)
            self.allowHeaders = allowHeaders
            self.allowMethods = allowMethods
            self.exposeHeaders = exposeHeaders
            self.allowsCredentials = allowsCredentials
            self.maxAgeSeconds = maxAgeSeconds
            self.overridesOrigin = overridesOrigin
            let credentials = allowsCredentials ? "Access-Control-Allow-Credentials: true\r\n" : ""
            let age = maxAgeSeconds.map { "Access-Control-Max-Age: \($0)\r\n" } ?? ""
            let exposed = Self.line("Access-Control-Expose-Headers", exposeHeaders)
            let preflight =
                credentials + Self.line("Access-Control-Allow-Methods", allowMethods)
                + Self.line("Access-Control-Allow-Headers", allowHeaders) + exposed + age
            let simple = credentials + exposed
            preflightLines = Array(preflight.utf8)
            simpleLines = Array(simple.utf8)
        }

        private static func line(_ name: String, _ values: [String]) -> String {
            values.isEmpty ? "" : "\(name): \(values.joined(separator: ", "))\r\n"
        }

        /// What Access-Control-Allow-Origin says to a request's Origin.
        public enum Answer: Sendable, Equatable {
            /// Nothing: the origin is not allowed.
            case none
            case anyOrigin
            /// The request's own Origin.
            case echo
        }

        public func answer(to origin: RawSpan) -> Answer {
            let all = unsafe origins.storage.span.bytes
            for index in 0..<origins.count {
                let allowed = all.extracting(origins.range(index))
                if equalsExactly(allowed, "*") { return .anyOrigin }
                if Self.matches(allowed, origin) { return .echo }
            }
            return .none
        }

        /// A listed origin without a scheme stands for both; a leading `*.` for every subdomain.
        private static func matches(_ allowed: RawSpan, _ origin: RawSpan) -> Bool {
            if PathPattern.matchesWildcards(allowed, origin) { return true }
            guard let colon = origin.index(of: UInt8(ascii: ":"), from: 0),
                colon + 3 <= origin.byteCount, !hasScheme(allowed)
            else { return false }
            return PathPattern.matchesWildcards(
                allowed, origin.extracting(colon + 3..<origin.byteCount))
        }

        private static func hasScheme(_ text: RawSpan) -> Bool {
            guard let colon = text.index(of: UInt8(ascii: ":"), from: 0) else { return false }
            return colon + 1 < text.byteCount && text[colon + 1] == UInt8(ascii: "/")
        }
    }
}

/// Whether the name is one of those that answer scripts of other sites.
func isCORSHeader(_ name: RawSpan) -> Bool {
    guard name.hasPrefixIgnoringCase("access-control-") else { return false }
    let end = name.extracting(15..<name.byteCount)
    return equalsIgnoringCase(end, "allow-origin") || equalsIgnoringCase(end, "allow-headers")
        || equalsIgnoringCase(end, "allow-methods") || equalsIgnoringCase(end, "allow-credentials")
        || equalsIgnoringCase(end, "expose-headers") || equalsIgnoringCase(end, "max-age")
}
