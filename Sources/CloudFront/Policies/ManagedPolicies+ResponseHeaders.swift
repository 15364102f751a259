extension ManagedPolicies {
    public static let responseHeaders: [ResponseHeadersPolicy] = [
        policy("60669652-455b-4ae9-85a4-c4c02393f86c", "SimpleCORS", cors: simpleCORS),
        policy("5cc3b908-e619-4b99-88e5-2cf7f45965bd", "CORS-With-Preflight", cors: preflightCORS),
        policy(
            "67f7725c-6f97-4210-82d7-5512b31e9d03", "SecurityHeadersPolicy", security: security),
        policy(
            "e61eb60c-9c35-4d20-a928-2b84e02af89c", "CORS-and-SecurityHeadersPolicy",
            cors: simpleCORS, security: security),
        policy(
            "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
            "CORS-with-preflight-and-SecurityHeadersPolicy", cors: preflightCORS,
            security: security),
    ]

    private static func policy(
        _ id: String, _ name: String, cors: ResponseHeadersPolicy.CORS? = nil,
        security: [ResponseHeadersPolicy.AddedHeader] = []
    ) -> ResponseHeadersPolicy {
        var policy = ResponseHeadersPolicy(id: id, name: apiName(name))
        policy.cors = cors
        policy.securityHeaders = security
        return policy
    }

    private static let simpleCORS = ResponseHeadersPolicy.CORS(
        allowOrigins: ["*"], allowHeaders: [], allowMethods: [], exposeHeaders: [],
        allowsCredentials: false, maxAgeSeconds: nil, overridesOrigin: false)

    private static let preflightCORS = ResponseHeadersPolicy.CORS(
        allowOrigins: ["*"], allowHeaders: [],
        allowMethods: ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        exposeHeaders: ["*"], allowsCredentials: false, maxAgeSeconds: nil, overridesOrigin: false)

    private static let security = [
        ResponseHeadersPolicy.AddedHeader(
            "Referrer-Policy", "strict-origin-when-cross-origin", overridesOrigin: false),
        ResponseHeadersPolicy.AddedHeader(
            "Strict-Transport-Security", "max-age=31536000", overridesOrigin: false),
        ResponseHeadersPolicy.AddedHeader(
            "X-Content-Type-Options", "nosniff", overridesOrigin: true),
        ResponseHeadersPolicy.AddedHeader("X-Frame-Options", "SAMEORIGIN", overridesOrigin: false),
        ResponseHeadersPolicy.AddedHeader(
            "X-XSS-Protection", "1; mode=block", overridesOrigin: false),
    ]
}
