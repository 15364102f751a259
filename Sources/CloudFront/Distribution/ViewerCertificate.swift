/// With which certificate viewers are met; its bytes are the edge's own configuration.
public struct ViewerCertificate: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        /// CloudFront's own, for its own domain name.
        case cloudFrontDefault
        /// An ARN of Certificate Manager.
        case acm(String)
        case iam(String)
    }

    /// How viewers tell which certificate they want.
    public enum SupportMethod: String, Sendable, CaseIterable {
        /// By the name that they send; who sends none is refused.
        case sniOnly = "sni-only"
        /// By an address of the distribution's own.
        case vip
        case staticIP = "static-ip"
    }

    public var source: Source
    /// Such as `TLSv1.2_2021`; "" where nothing is said.
    public var minimumProtocolVersion: String
    /// nil where nothing is said.
    public var supportMethod: SupportMethod?

    /// What a distribution without one has.
    public init() {
        source = .cloudFrontDefault
        minimumProtocolVersion = ""
    }

    /// Viewers that speak nothing newer than TLS 1.2 are refused.
    public var requiresTLS13: Bool { minimumProtocolVersion.hasPrefix("TLSv1.3") }
    /// Those that speak nothing newer than TLS 1.1 are.
    public var requiresTLS12: Bool {
        requiresTLS13 || minimumProtocolVersion.hasPrefix("TLSv1.2")
    }

    static func read(_ given: ConfigFields) -> ViewerCertificate {
        var fields = given
        defer { fields.finish() }
        // Kept for older clients: they repeat what the other members say.
        for key in ["Certificate", "CertificateSource"] { _ = fields.text(key) }
        let isDefault = fields.flag("CloudFrontDefaultCertificate", else: false)
        let acm = fields.optionalText("ACMCertificateArn")
        let iam = fields.optionalText("IAMCertificateId")
        var certificate = ViewerCertificate()
        if !isDefault, !acm.isEmpty || !iam.isEmpty {
            certificate.source = acm.isEmpty ? .iam(iam) : .acm(acm)
        }
        let version: MinimumProtocolVersion? = fields.word("MinimumProtocolVersion")
        certificate.minimumProtocolVersion = version?.rawValue ?? ""
        certificate.supportMethod = fields.word("SSLSupportMethod")
        return certificate
    }

    private enum MinimumProtocolVersion: String, CaseIterable {
        case sslV3 = "SSLv3"
        case tlsV1 = "TLSv1"
        case tlsV1In2016 = "TLSv1_2016"
        case tlsV11In2016 = "TLSv1.1_2016"
        case tlsV12In2018 = "TLSv1.2_2018"
        case tlsV12In2019 = "TLSv1.2_2019"
        case tlsV12In2021 = "TLSv1.2_2021"
        case tlsV12In2025 = "TLSv1.2_2025"
        case tlsV13In2025 = "TLSv1.3_2025"
    }
}
