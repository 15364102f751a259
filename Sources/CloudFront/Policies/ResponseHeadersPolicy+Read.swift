import HTTP

extension ResponseHeadersPolicy {
    /// Reads what `aws cloudfront get-response-headers-policy` or its `-config` variant prints,
    /// or a ResponseHeadersPolicyConfig alone.
    public static func read(_ document: ConfigNode) -> ConfigReading<ResponseHeadersPolicy> {
        let log = FindingLog()
        var envelope = Envelope(document, log)
        let node = envelope.open(
            "ResponseHeadersPolicy", config: "ResponseHeadersPolicyConfig", log)
        var fields = ConfigFields(node, envelope.path, log)
        var policy = ResponseHeadersPolicy(
            id: envelope.id, name: fields.requiredText("Name"))
        policy.comment = fields.optionalText("Comment", limit: 128)
        policy.cors = fields.map("CorsConfig").map { CORS.read($0) }
        policy.securityHeaders = fields.map("SecurityHeadersConfig").map { security($0) } ?? []
        policy.customHeaders = custom(&fields)
        policy.removedHeaders = removed(&fields)
        policy.serverTimingPerMillion = fields.map("ServerTimingHeadersConfig").flatMap {
            samplingRate($0)
        }
        fields.finish()
        return ConfigReading(value: policy, findings: log.findings)
    }

    private static func custom(_ fields: inout ConfigFields) -> [AddedHeader] {
        fields.items("CustomHeadersConfig").map { item in
            var member = item.fields(fields.log)
            defer { member.finish() }
            let header = AddedHeader(
                member.requiredText("Header"), member.text("Value") ?? "",
                overridesOrigin: member.requiredFlag("Override"))
            judge(header, member.place("Header"), fields.log)
            return header
        }
    }

    /// A value goes into heads as it is, so that it may not end its line.
    static func judge(_ header: AddedHeader, _ place: ConfigPlace, _ log: FindingLog) {
        let value = Array(header.value.utf8)
        if !header.name.isEmpty, !isHeaderName(header.name) {
            log.error(place, "\"\(header.name)\" is no header name", "use letters, digits and -")
        }
        if framingNames.contains(header.name.lowercased()) {
            log.error(
                place, "\(header.name) says where a message ends, which no policy decides",
                "leave it out")
        }
        if !isFieldValue(unsafe value.span.bytes) {
            log.error(place, "the value of \(header.name) has control characters", "remove them")
        }
    }

    /// A second one would have a reader and the edge disagree on a message's end (RFC 9112 §6).
    private static let framingNames: Set = [
        "connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]

    private static func removed(_ fields: inout ConfigFields) -> NameList {
        var names: [String] = []
        for item in fields.items("RemoveHeadersConfig") {
            var member = item.fields(fields.log)
            let name = member.requiredText("Header")
            member.finish()
            if isKept(name) {
                fields.log.error(
                    item.place.member("Header"), "CloudFront does not let a policy remove \(name)",
                    "leave it out")
            }
            names.append(name)
        }
        return NameList(names, matching: .ignoringCase)
    }

    /// Source: CloudFront, "Remove headers".
    private static func isKept(_ name: String) -> Bool {
        let name = name.lowercased()
        let names: Set = [
            "connection", "content-encoding", "content-length", "expect", "host", "keep-alive",
            "trailer", "transfer-encoding", "upgrade", "via", "warning", "x-cache",
            "x-forwarded-proto", "x-real-ip",
        ]
        return names.contains(name)
            || ["proxy-", "x-accel-", "x-amz-cf-", "x-edge-"].contains { name.hasPrefix($0) }
    }

    /// A percentage with at most four decimals, in millionths.
    private static func samplingRate(_ given: ConfigFields) -> Int? {
        var fields = given
        defer { fields.finish() }
        let isEnabled = fields.requiredFlag("Enabled")
        let text = fields.text("SamplingRate") ?? "0"
        guard isEnabled else { return nil }
        let rate = Double(text) ?? -1
        guard (0...100).contains(rate) else {
            fields.log.error(
                fields.place("SamplingRate"), "\"\(text)\" is not allowed here",
                "write a percentage from 0 to 100 with at most four decimals")
            return nil
        }
        return Int((rate * 10_000).rounded())
    }
}

extension ResponseHeadersPolicy.CORS {
    static func read(_ given: ConfigFields) -> ResponseHeadersPolicy.CORS {
        var fields = given
        defer { fields.finish() }
        let methods = fields.texts("AccessControlAllowMethods")
        let all = ["GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
        for method in methods where method != "ALL" && !all.contains(method) {
            fields.log.error(
                fields.place("AccessControlAllowMethods"), "\"\(method)\" is not allowed here",
                "write ALL or some of \(all.joined(separator: ", "))")
        }
        let cors = ResponseHeadersPolicy.CORS(
            allowOrigins: fields.texts("AccessControlAllowOrigins"),
            allowHeaders: fields.texts("AccessControlAllowHeaders"),
            allowMethods: methods == ["ALL"] ? all : methods,
            exposeHeaders: fields.texts("AccessControlExposeHeaders"),
            allowsCredentials: fields.requiredFlag("AccessControlAllowCredentials"),
            maxAgeSeconds: fields.number("AccessControlMaxAgeSec", in: 0...Int64(Int32.max)).map {
                Int($0)
            }, overridesOrigin: fields.requiredFlag("OriginOverride"))
        cors.judge(fields)
        return cors
    }

    private func judge(_ fields: ConfigFields) {
        if allowOrigins.isEmpty {
            fields.log.error(
                fields.place("AccessControlAllowOrigins"), "no origin is allowed",
                "list origins, or *")
        }
        let lists = [
            ("AccessControlAllowOrigins", allowOrigins),
            ("AccessControlAllowHeaders", allowHeaders),
            ("AccessControlExposeHeaders", exposeHeaders),
        ]
        for (member, list) in lists {
            for value in list {
                let bytes = Array(value.utf8)
                if !isFieldValue(unsafe bytes.span.bytes) {
                    fields.log.error(
                        fields.place(member), "a value has control characters", "remove them")
                }
            }
            if allowsCredentials, list.contains("*") {
                fields.log.error(
                    fields.place(member), "* stands beside AccessControlAllowCredentials",
                    "list names; browsers refuse * with credentials")
            }
        }
    }
}
