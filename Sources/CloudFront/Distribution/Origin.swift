/// Where a behavior's requests go. Source: CloudFront, "Origin settings".
public struct Origin: Sendable, Equatable {
    public var id: String
    public var domainName: String
    /// Put before the path towards the origin only: in no key, pattern or invalidation. "" or
    /// `/...` without a slash at its end.
    public var path: String
    public var customHeaders: [CustomHeader]
    public var kind: Kind
    /// 1 to 3; for a custom origin also how often an answer is waited for.
    public var connectionAttempts: Int
    /// 1 to 10 s.
    public var connectionTimeoutSeconds: Int
    /// For the whole exchange, retries included; nil: no limit.
    public var responseCompletionTimeoutSeconds: Int?
    /// The region of its Origin Shield, a label here; nil: none.
    public var shieldRegion: String?

    public enum Kind: Sendable, Equatable {
        case custom(CustomOriginConfig)
        case s3(readTimeoutSeconds: Int)
    }

    /// A field that is added to each origin request, in place of the viewer's.
    public struct CustomHeader: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// How long to wait for the first byte of an answer, and between two packets.
    public var readTimeoutSeconds: Int {
        switch kind {
        case .custom(let config): config.readTimeoutSeconds
        case .s3(let seconds): seconds
        }
    }

    /// Cookies mean nothing to S3, and Host is always its own.
    public var isS3: Bool {
        if case .s3 = kind { return true }
        return false
    }
}

/// How to speak to an origin that is no S3 bucket.
public struct CustomOriginConfig: Sendable, Equatable {
    public enum ProtocolPolicy: String, Sendable, CaseIterable {
        case httpOnly = "http-only"
        case matchViewer = "match-viewer"
        case httpsOnly = "https-only"
    }

    public enum SslProtocol: String, Sendable, CaseIterable {
        case sslV3 = "SSLv3"
        case tlsV1 = "TLSv1"
        case tlsV11 = "TLSv1.1"
        case tlsV12 = "TLSv1.2"
    }

    public var httpPort: Int
    public var httpsPort: Int
    public var protocolPolicy: ProtocolPolicy
    public var sslProtocols: [SslProtocol]
    /// 1 to 120 s.
    public var readTimeoutSeconds: Int
    /// 1 to 120 s: how long an idle connection is kept.
    public var keepaliveTimeoutSeconds: Int

    /// CloudFront's defaults.
    public init(
        httpPort: Int = 80, httpsPort: Int = 443, protocolPolicy: ProtocolPolicy = .matchViewer,
        sslProtocols: [SslProtocol] = [.tlsV12], readTimeoutSeconds: Int = 30,
        keepaliveTimeoutSeconds: Int = 5
    ) {
        self.httpPort = httpPort
        self.httpsPort = httpsPort
        self.protocolPolicy = protocolPolicy
        self.sslProtocols = sslProtocols
        self.readTimeoutSeconds = readTimeoutSeconds
        self.keepaliveTimeoutSeconds = keepaliveTimeoutSeconds
    }

    /// Whether the request goes out over TLS.
    public func usesTLS(viewerUsesTLS: Bool) -> Bool {
        switch protocolPolicy {
        case .httpOnly: false
        case .httpsOnly: true
        case .matchViewer: viewerUsesTLS
        }
    }
}
