import CloudFront
import HTTP

/// Any bytes as a policy, as its base64 and as a URL's query: nothing but a whole document of the
/// form grants anything, and nothing is granted without a signature.
struct SignatureProperty {
    private static let now: Int64 = 1_500_000_000

    static func faults(_ input: [UInt8]) -> [String] {
        faultsOfPolicy(input) + faultsOfBase64(input) + faultsOfQuery(input)
    }

    // MARK: policies

    private static func faultsOfPolicy(_ input: [UInt8]) -> [String] {
        var faults: [String] = []
        let policy = SignedPolicy(json: input)
        if SignedPolicy(json: [0x20, 0x0A] + input + [0x09]) != policy {
            faults.append("white space around it makes a difference")
        }
        let spaces: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        let core = input.reversed().drop { spaces.contains($0) }.reversed()
        if policy != nil {
            for other in [Array(core.dropLast()), core + Array("}".utf8), core + [0]]
            where SignedPolicy(json: other) != nil {
                faults.append("cut short or followed by more it is good as well")
            }
        }
        var parameters = SignatureParameters()
        parameters.keyID = "K"
        parameters.signature = "AAAA"
        parameters.policy = CloudFrontBase64.encode(input)
        let isValid = policy?.isValid(at: now) ?? false
        if grants(parameters, isSigned: true), !isValid {
            faults.append("grants something that it does not say")
        }
        if let resource = policy?.resource, resource.contains("://"), !resource.contains("*"),
            !resource.contains("?"), resource != "https://maps.test/a",
            grants(parameters, isSigned: true)
        {
            faults.append("grants another's URL")
        }
        if policy?.resource == "*", policy?.sourceIp == nil, isValid, !input.isEmpty,
            !grants(parameters, isSigned: true)
        {
            faults.append("grants nothing, although it says everything")
        }
        if grants(parameters, isSigned: false) { faults.append("grants without a signature") }
        return faults
    }

    private static func grants(_ parameters: SignatureParameters, isSigned: Bool) -> Bool {
        do throws(AccessDenial) {
            try SignedAccess(keyIDs: ["K"]).judge(
                parameters, url: "https://maps.test/a", viewer: "192.0.2.7", now: now
            ) { _, _, _, _ in isSigned }
            return true
        } catch { return false }
    }

    // MARK: base64

    private static func faultsOfBase64(_ input: [UInt8]) -> [String] {
        var faults: [String] = []
        let text = Array(CloudFrontBase64.encode(input).utf8)
        if !input.isEmpty, CloudFrontBase64.decode(text.span.bytes) != input {
            faults.append("its base64 is another's")
        }
        // One text for each value: whoever signs may rely on it.
        if let bytes = CloudFrontBase64.decode(input.span.bytes),
            Array(CloudFrontBase64.encode(bytes).utf8) != input
        {
            faults.append("it is base64 that no encoder writes")
        }
        return faults
    }

    // MARK: queries

    private static func faultsOfQuery(_ input: [UInt8]) -> [String] {
        let found = SignatureParameters(query: input.span.bytes)
        var faults: [String] = []
        let values = [
            ("Key-Pair-Id", found.keyID), ("Signature", found.signature),
            ("Expires", found.expires), ("Policy", found.policy),
            ("Hash-Algorithm", found.hashAlgorithm),
        ]
        for (name, value) in values where value != first(name, in: input) {
            faults.append("\(name) is \(value ?? "absent")")
        }
        if grants(found, isSigned: false) { faults.append("its query grants without a signature") }
        return faults
    }

    /// The first value under a name, as the query has it.
    private static func first(_ name: String, in query: [UInt8]) -> String? {
        for member in query.split(separator: UInt8(ascii: "&")) {
            let parts = member.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            if parts[0].elementsEqual(name.utf8) {
                return String(decoding: parts.count > 1 ? parts[1] : [], as: UTF8.self)
            }
        }
        return nil
    }
}
