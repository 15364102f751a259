/// With which certificate viewers are met; its bytes are the edge's own configuration.
public struct ViewerCertificate: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        /// CloudFront's own, for its own domain name.
        case cloudFrontDefault
        /// An ARN of Certificate Manager.
        case acm(String)
        case iam(String)
    }

    public var source: Source
    /// Such as `TLSv1.2_2021`; "" where nothing is said.
    public var minimumProtocolVersion: String

    static func read(_ given: ConfigFields) -> ViewerCertificate {
        var fields = given
        defer { fields.finish() }
        // How names are told apart matters to CloudFront's price only, and two members are
        // kept for older clients.
        for key in ["SSLSupportMethod", "Certificate", "CertificateSource"] {
            _ = fields.text(key)
        }
        let isDefault = fields.flag("CloudFrontDefaultCertificate", else: false)
        let acm = fields.optionalText("ACMCertificateArn")
        let iam = fields.optionalText("IAMCertificateId")
        let source: Source =
            isDefault || acm.isEmpty && iam.isEmpty
            ? .cloudFrontDefault : acm.isEmpty ? .iam(iam) : .acm(acm)
        let version: MinimumProtocolVersion? = fields.word("MinimumProtocolVersion")
        return ViewerCertificate(
            source: source, minimumProtocolVersion: version?.rawValue ?? "")
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
