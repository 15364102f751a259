// The security headers, from their parts to the field's text. Source: CloudFront API Reference,
// "ResponseHeadersPolicySecurityHeadersConfig".
extension ResponseHeadersPolicy {
    enum FrameOption: String, CaseIterable {
        case deny = "DENY"
        case sameOrigin = "SAMEORIGIN"
    }

    enum ReferrerPolicy: String, CaseIterable {
        case noReferrer = "no-referrer"
        case noReferrerWhenDowngrade = "no-referrer-when-downgrade"
        case origin
        case originWhenCrossOrigin = "origin-when-cross-origin"
        case sameOrigin = "same-origin"
        case strictOrigin = "strict-origin"
        case strictOriginWhenCrossOrigin = "strict-origin-when-cross-origin"
        case unsafeURL = "unsafe-url"
    }

    /// In the order of the managed policies.
    static func security(_ given: ConfigFields) -> [AddedHeader] {
        var fields = given
        defer { fields.finish() }
        let headers = [
            header("Referrer-Policy", "ReferrerPolicy", &fields) {
                $0.requiredWord("ReferrerPolicy", else: ReferrerPolicy.noReferrer).rawValue
            },
            header("Strict-Transport-Security", "StrictTransportSecurity", &fields) {
                let age = $0.requiredNumber("AccessControlMaxAgeSec", in: 0...Int64(Int32.max))
                let subdomains = $0.flag("IncludeSubdomains", else: false)
                let preload = $0.flag("Preload", else: false)
                return "max-age=\(age)" + (subdomains ? "; includeSubDomains" : "")
                    + (preload ? "; preload" : "")
            },
            header("X-Content-Type-Options", "ContentTypeOptions", &fields) { _ in "nosniff" },
            header("X-Frame-Options", "FrameOptions", &fields) {
                $0.requiredWord("FrameOption", else: FrameOption.deny).rawValue
            },
            header("X-XSS-Protection", "XSSProtection", &fields) { protection(&$0) },
            header("Content-Security-Policy", "ContentSecurityPolicy", &fields) {
                $0.requiredText("ContentSecurityPolicy")
            },
        ]
        return headers.compactMap { $0 }
    }

    private static func header(
        _ name: String, _ key: String, _ fields: inout ConfigFields,
        value: (inout ConfigFields) -> String
    ) -> AddedHeader? {
        guard var config = fields.map(key) else { return nil }
        defer { config.finish() }
        let text = value(&config)
        let header = AddedHeader(
            name, text, overridesOrigin: config.requiredFlag("Override"))
        judge(header, config.place, config.log)
        return header
    }

    private static func protection(_ fields: inout ConfigFields) -> String {
        let isOn = fields.requiredFlag("Protection")
        let blocks = fields.flag("ModeBlock", else: false)
        let report = fields.optionalText("ReportUri")
        if !isOn, blocks || !report.isEmpty {
            fields.log.error(
                fields.place, "ModeBlock or ReportUri is set while Protection is false",
                "make Protection true, or remove them")
        }
        if blocks, !report.isEmpty {
            fields.log.error(
                fields.place, "ModeBlock and ReportUri are both set", "keep one of them")
        }
        return (isOn ? "1" : "0") + (blocks ? "; mode=block" : "")
            + (report.isEmpty ? "" : "; report=\(report)")
    }
}
