import HTTP

extension Origin {
    static func read(_ item: ConfigItem, _ log: FindingLog) -> Origin {
        var fields = item.fields(log)
        defer { fields.finish() }
        let shield = readShield(&fields)
        fields.notEmulated("OriginAccessControlId", "S3 requests are sent unsigned")
        let origin = Origin(
            id: fields.requiredText("Id"), domainName: readDomainName(&fields),
            path: readPath(&fields), customHeaders: readHeaders(&fields), kind: readKind(&fields),
            connectionAttempts: Int(fields.number("ConnectionAttempts", in: 1...3) ?? 3),
            connectionTimeoutSeconds: Int(fields.number("ConnectionTimeout", in: 1...10) ?? 10),
            responseCompletionTimeoutSeconds:
                fields.number("ResponseCompletionTimeout", in: 1...3_600).map { Int($0) },
            shieldRegion: shield)
        origin.judgeTimes(fields)
        return origin
    }

    /// Source: CloudFront, "Response completion timeout".
    private func judgeTimes(_ fields: ConfigFields) {
        guard let whole = responseCompletionTimeoutSeconds, whole < readTimeoutSeconds else {
            return
        }
        fields.log.error(
            fields.place("ResponseCompletionTimeout"),
            "ResponseCompletionTimeout is \(whole) s, and OriginReadTimeout "
                + "\(readTimeoutSeconds) s",
            "make it at least as long, or leave it out for no limit")
    }

    private static func readDomainName(_ fields: inout ConfigFields) -> String {
        let name = fields.requiredText("DomainName")
        if name.utf8.contains(UInt8(ascii: "/")) || name.utf8.contains(UInt8(ascii: ":")) {
            fields.log.error(
                fields.place("DomainName"), "\"\(name)\" is no domain name",
                "leave scheme, port and path out; they have members of their own")
        }
        return name
    }

    private static func readPath(_ fields: inout ConfigFields) -> String {
        let path = fields.optionalText("OriginPath", limit: 255)
        if path.isEmpty { return path }
        if !path.hasPrefix("/") {
            fields.log.error(
                fields.place("OriginPath"), "\"\(path)\" does not begin with /",
                "write \"/\(path)\"")
        }
        if path.hasSuffix("/") {
            fields.log.error(
                fields.place("OriginPath"), "\"\(path)\" ends with /",
                "take the last slash away; the request's path brings its own")
        }
        return path
    }

    private static func readShield(_ fields: inout ConfigFields) -> String? {
        guard var shield = fields.map("OriginShield") else { return nil }
        defer { shield.finish() }
        let isEnabled = shield.requiredFlag("Enabled")
        let region = shield.optionalText("OriginShieldRegion")
        guard isEnabled else { return nil }
        shield.log.notEmulated(
            shield.place, "OriginShield adds no second cache here", "nothing; one tier serves all")
        return region
    }

    private static func readKind(_ fields: inout ConfigFields) -> Kind {
        if fields.member("VpcOriginConfig") != nil {
            fields.notEmulated("VpcOriginConfig", "give the origin's address with --origin")
        }
        if var bucket = fields.map("S3OriginConfig") {
            defer { bucket.finish() }
            bucket.notEmulated("OriginAccessIdentity", "S3 requests are sent unsigned")
            let seconds = bucket.number("OriginReadTimeout", in: 1...120) ?? 30
            if fields.member("CustomOriginConfig") != nil {
                fields.log.error(
                    fields.place("CustomOriginConfig"), "the origin is S3 and custom at once",
                    "keep S3OriginConfig or CustomOriginConfig")
            }
            return .s3(readTimeoutSeconds: Int(seconds))
        }
        if let custom = fields.map("CustomOriginConfig") {
            return .custom(CustomOriginConfig.read(custom))
        }
        if fields.member("VpcOriginConfig") == nil {
            fields.log.error(
                fields.place, "the origin has no kind", "add CustomOriginConfig or S3OriginConfig")
        }
        return .custom(CustomOriginConfig())
    }

    private static func readHeaders(_ fields: inout ConfigFields) -> [CustomHeader] {
        let items = fields.items("CustomHeaders")
        var headers: [CustomHeader] = []
        for item in items {
            var member = item.fields(fields.log)
            let header = CustomHeader(
                member.requiredText("HeaderName"), member.text("HeaderValue") ?? "")
            member.finish()
            judge(header, member, earlier: headers)
            headers.append(header)
        }
        let total = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        if headers.count > 10 || total > 10_240 {
            fields.log.warning(
                fields.place("CustomHeaders"),
                "\(headers.count) custom headers of \(total) characters exceed CloudFront's quota",
                "keep to 10 headers and 10240 characters")
        }
        return headers
    }

    private static func judge(
        _ header: CustomHeader, _ fields: ConfigFields, earlier: [CustomHeader]
    ) {
        let place = fields.place("HeaderName")
        if header.name.isEmpty { return }
        if !isHeaderName(header.name) {
            fields.log.error(
                place, "\"\(header.name)\" is no header name", "use letters, digits and -")
        } else if isReserved(header.name) {
            fields.log.error(
                place, "CloudFront does not let an origin set \(header.name)", "remove it")
        } else if earlier.contains(where: { isSameName($0.name, header.name) }) {
            fields.log.error(place, "\(header.name) is set twice", "keep one of them")
        }
        let value = Array(header.value.utf8)
        if header.name.utf8.count > 256 || value.count > 1_783 {
            fields.log.error(
                place, "the header is too long", "keep to 256 and 1783 characters")
        }
        if !isFieldValue(unsafe value.span.bytes) {
            fields.log.error(
                fields.place("HeaderValue"), "the value has control characters", "remove them")
        }
    }

    /// Source: CloudFront, "Custom headers that CloudFront can't add to origin requests".
    private static func isReserved(_ name: String) -> Bool {
        let name = name.lowercased()
        let names: Set = [
            "cache-control", "connection", "content-length", "cookie", "host", "if-match",
            "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
            "max-forwards", "pragma", "proxy-authenticate", "proxy-authorization",
            "proxy-connection", "range", "request-range", "te", "trailer", "transfer-encoding",
            "upgrade", "via", "x-real-ip",
        ]
        return names.contains(name) || ["x-amz-", "x-edge-"].contains { name.hasPrefix($0) }
    }
}

extension CustomOriginConfig {
    static func read(_ given: ConfigFields) -> CustomOriginConfig {
        var fields = given
        defer { fields.finish() }
        fields.notEmulated("OriginMtlsConfig", "the origin sees no client certificate")
        readAddressType(&fields)
        readVersion(&fields)
        return CustomOriginConfig(
            httpPort: Int(fields.requiredNumber("HTTPPort", in: 1...65_535)),
            httpsPort: Int(fields.requiredNumber("HTTPSPort", in: 1...65_535)),
            protocolPolicy: fields.requiredWord("OriginProtocolPolicy", else: .matchViewer),
            sslProtocols: readProtocols(&fields),
            readTimeoutSeconds: Int(fields.number("OriginReadTimeout", in: 1...120) ?? 30),
            keepaliveTimeoutSeconds: Int(fields.number("OriginKeepaliveTimeout", in: 1...120) ?? 5)
        )
    }

    private enum IpAddressType: String, CaseIterable { case ipv4, ipv6, dualstack }

    private static func readAddressType(_ fields: inout ConfigFields) {
        guard let type: IpAddressType = fields.word("IpAddressType"), type != .dualstack else {
            return
        }
        fields.log.note(
            fields.place("IpAddressType"),
            "\(type.rawValue) alone is wanted, and all addresses of the origin's name are asked",
            "give the one address with --origin, if the other family must not be asked")
    }

    private enum HTTPVersion: String, CaseIterable {
        case http1 = "http1.1"
        case http2
    }

    private static func readVersion(_ fields: inout ConfigFields) {
        guard let version: HTTPVersion = fields.word("OriginHttpVersion"), version == .http2 else {
            return
        }
        fields.log.note(
            fields.place("OriginHttpVersion"), "the origin is asked by HTTP/1.1",
            "nothing, as CloudFront goes back to HTTP/1.1 where the origin has no HTTP/2")
    }

    private static func readProtocols(_ fields: inout ConfigFields) -> [SslProtocol] {
        let items = fields.items("OriginSslProtocols")
        let protocols = items.compactMap { item -> SslProtocol? in
            guard let text = fields.text(of: item) else { return nil }
            if let known = SslProtocol(rawValue: text) { return known }
            let names = SslProtocol.allCases.map { $0.rawValue }.joined(separator: ", ")
            fields.log.error(item.place, "\"\(text)\" is not allowed here", "write one of \(names)")
            return nil
        }
        if !protocols.isEmpty, !protocols.contains(.tlsV12) {
            fields.log.notEmulated(
                fields.place("OriginSslProtocols"), "TLS before 1.2 is not spoken",
                "the origin is asked by TLS 1.2 or 1.3")
        } else if protocols.count > 1 {
            fields.log.note(
                fields.place("OriginSslProtocols"),
                "of these only TLS 1.2 is spoken, and 1.3 beside it",
                "nothing, unless the origin has no TLS since 1.2; it answers 502 then")
        }
        return protocols.isEmpty ? [.tlsV12] : protocols
    }
}
