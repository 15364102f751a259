import Caching
import CloudFront
import HTTP

// Traps: what is valid and surprises, of the behavior, of what is stored, and of the request.
extension LoopState where N: ~Copyable {
    func warnings(_ exchange: Exchange, _ told: Explanation) -> [Explanation.Note] {
        var warnings: [Explanation.Note] = []
        if let copy = exchange.entry, copy.header.kind != .variants {
            warnings += storedWarnings(copy, exchange)
        }
        if let origin = told.origin {
            warnings += requestWarnings(origin, exchange) + trustWarnings(origin, exchange)
        }
        let distribution = snapshot.settings.distribution?.distribution
        let traps = exchange.imported == nil ? [] : distribution?.traps(of: exchange.behavior) ?? []
        return warnings + traps.map { Explanation.Note("behavior", $0.problem, $0.remedy) }
    }

    private func storedWarnings(
        _ copy: StoredCopy, _ exchange: Exchange
    ) -> [Explanation.Note] {
        var warnings: [Explanation.Note] = []
        let cookies = StoredField.values("Set-Cookie", copy.headers).map { value in
            String(value.prefix { $0 != "=" && $0 != ";" })
        }
        if !cookies.isEmpty {
            warnings.append(
                Explanation.Note(
                    "set-cookie",
                    "Set-Cookie (\(cookies.joined(separator: ", "))) is stored with the response "
                        + "and sent to everybody who gets it",
                    "let the origin add no-cache=\"Set-Cookie\" to Cache-Control"))
        }
        for name in unkeyedVary(copy.headers, exchange) {
            warnings.append(
                Explanation.Note(
                    "vary",
                    "the response varies by \(name), which is not in the key: the first viewer's "
                        + "is served to all", "add \(name) to the key, or let the origin not vary"))
        }
        let lifetime = exchange.lifetime(of: copy)
        if lifetime.source == .directive, lifetime.bound == .minTTL {
            warnings.append(
                Explanation.Note(
                    "min-ttl",
                    "MinTTL overrides \(StoredField.line("Cache-Control", copy.headers)): the "
                        + "response is stored and shared all the same",
                    "use a cache policy with MinTTL 0 where responses are personal"))
        }
        warnings += directiveWarnings(copy.headers)
        if copy.header.hasValidator, !exchange.policy.revalidates {
            warnings.append(
                Explanation.Note(
                    "validator",
                    "cookies are forwarded, so that CloudFront does not ask whether what is stored "
                        + "is good still: once it is stale, all of it is fetched",
                    "forward no cookies where pages do not depend on them"))
        }
        let directives = StoredField.line("Cache-Control", copy.headers).lowercased()
        if directives.contains("stale-if-error"), !directives.contains("stale-while-revalidate") {
            warnings.append(
                Explanation.Note(
                    "stale-if-error",
                    "once it is stale, each viewer waits until the origin has answered or failed",
                    "let the origin add stale-while-revalidate, which answers at once"))
        }
        return warnings
    }

    private func directiveWarnings(_ block: [UInt8]) -> [Explanation.Note] {
        var words: [String] = []
        for value in StoredField.values("Cache-Control", block) {
            let bytes = Array(value.utf8)
            unsafe CacheControl.forEachMalformed(in: bytes.span.bytes) { member in
                unsafe words.append(
                    member.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
            }
        }
        return words.map { word in
            Explanation.Note(
                "directive", "\"\(word)\" in Cache-Control is no directive, and means nothing",
                "write name=value, without blanks or colons")
        }
    }

    /// Names of a stored Vary that the origin sees and the key does not have.
    func unkeyedVary(_ block: [UInt8], _ exchange: Exchange) -> [String] {
        if exchange.policy.keysVary { return [] }
        let names = StoredField.values("Vary", block).flatMap { value in
            value.split { " ,\t".contains($0) }.map(String.init)
        }
        return names.filter { name in
            let bytes = Array(name.utf8)
            let known = unsafe KnownField.named(bytes.span.bytes)
            if exchange.facts.standing == .anonymous, exchange.tellsApart(known) { return false }
            guard let behavior = exchange.imported?.behavior else {
                return known != .acceptEncoding
            }
            let forwarding = behavior.forwarding
            if known == .cookie {
                return forwarding.forwardsCookies && behavior.key.cookies != forwarding.cookies
            }
            if known == .acceptEncoding, forwarding.normalizesCodings { return false }
            return unsafe forwarding.selects(bytes.span.bytes)
                && !behavior.key.headers.contains(bytes.span.bytes)
        }
    }

    /// What was kept from the origin because nobody can tell who wrote it, and what was not.
    private func trustWarnings(
        _ origin: Explanation.Origin, _ exchange: Exchange
    ) -> [Explanation.Note] {
        func names(_ fields: [Explanation.Field]) -> String {
            fields.filter { field in
                // A parameter or a cookie, which is in nobody's list of fields.
                if field.name.contains(" ") { return false }
                let bytes = Array(field.name.utf8)
                let kind = unsafe SpoofableField(bytes.span.bytes)
                return kind != nil && kind != .account && kind != .cloudFront
            }.map(\.name).joined(separator: ", ")
        }
        let kept = names(origin.stripped)
        let passed = names(origin.fields.filter { $0.fate == "forwarded" })
        var warnings: [Explanation.Note] = []
        if exchange.fieldTrust != nil, !kept.isEmpty {
            warnings.append(
                Explanation.Note(
                    "trust", "kept from the origin, since any viewer can write it: \(kept)",
                    "if a trusted proxy sets it, name it in trustedFields"))
        }
        if exchange.fieldTrust == nil, !passed.isEmpty {
            warnings.append(
                Explanation.Note(
                    "trust",
                    "passed on as by CloudFront, and any viewer can write it: \(passed)",
                    "forward fewer headers, or give the behavior its class"))
        }
        return warnings
    }

    private func requestWarnings(
        _ origin: Explanation.Origin, _ exchange: Exchange
    ) -> [Explanation.Note] {
        var warnings: [Explanation.Note] = []
        if origin.stripped.contains(where: { $0.name.lowercased() == "authorization" }) {
            warnings.append(
                Explanation.Note(
                    "authorization",
                    "the request's Authorization does not reach the origin, which may answer 401",
                    "add it to the cache policy's headers, or forward all viewer headers"))
        }
        let kind = "query "
        let signs = exchange.imported?.behavior.key.dropsSignature == true
        let names = origin.stripped.filter { $0.name.hasPrefix(kind) }.map {
            String($0.name.dropFirst(kind.count))
        }.filter { !signs || !SignatureNames.hasParameter($0) }
        // A class has a normal form of its own, which is told by itself.
        if !names.isEmpty, exchange.imported != nil, exchange.policy.mapClass == .none {
            warnings.append(
                Explanation.Note(
                    "query",
                    "the origin does not get these query strings: "
                        + names.joined(separator: ", "),
                    "list those that it reads in the cache policy, or in an origin request policy"))
        }
        return warnings
    }
}
