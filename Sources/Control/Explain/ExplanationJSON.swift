import Edge

// Names in camelCase, durations and times in milliseconds, null where there is nothing.
extension Explanation {
    /// For programs.
    var json: JSON {
        var fields: [(name: String, value: JSON)] = []
        fields.append(("request", request.json))
        fields.append(("alias", orNull(alias?.json)))
        fields.append(("patterns", .list(patterns.map(\.json))))
        fields.append(("behavior", behavior.json))
        fields.append(("rewritings", .list(rewritings.map(\.json))))
        fields.append(("refusal", orNull(refusal?.json)))
        fields.append(("key", orNull(key?.json)))
        fields.append(("entry", orNull(entry?.json)))
        fields.append(("nearMisses", .list(nearMisses.map(\.json))))
        fields.append(("scanned", .number(Int64(scanned))))
        fields.append(("scanComplete", .flag(isScanComplete)))
        fields.append(("invalidation", orNull(invalidation?.json)))
        fields.append(("origin", orNull(origin?.json)))
        fields.append(("decision", decision.json))
        if let fallback { fields.append(("fallback", fallback.json)) }
        if !errorPages.isEmpty {
            fields.append(("errorPages", .list(errorPages.map(\.json))))
        }
        fields.append(("warnings", .list(warnings.map(\.json))))
        fields.append(("assumptions", .list(assumptions.map(\.assumption))))
        return .object(fields)
    }

    private func orNull(_ value: JSON?) -> JSON { value ?? JSON.null }
}

extension Explanation.ErrorPage {
    fileprivate var json: JSON {
        .object([
            ("status", .number(Int64(status))), ("path", .text(path)),
            ("responseCode", .number(Int64(responseCode))), ("minTTL", .number(minTTL)),
            ("shown", .flag(isShown)),
        ])
    }
}

extension Explanation.Request {
    fileprivate var json: JSON {
        .object([
            ("method", .text(method)), ("host", .text(host)), ("target", .text(target)),
            ("tls", .flag(usesTLS)), ("viewer", .text(viewer)),
        ])
    }
}

extension Explanation.Alias {
    fileprivate var json: JSON {
        .object([
            ("distribution", .text(distribution)), ("domainName", .text(domainName)),
            ("matched", matched.map(JSON.text) ?? .null), ("strict", .flag(isStrict)),
        ])
    }
}

extension Explanation.Pattern {
    fileprivate var json: JSON {
        let (word, why): (String, JSON) =
            switch outcome {
            case .matched: ("matched", .null)
            case .nearly(let why): ("nearly", .text(why))
            case .shadowed: ("shadowed", .null)
            }
        return .object([("pattern", .text(pattern)), ("outcome", .text(word)), ("why", why)])
    }
}

extension Explanation.Behavior {
    fileprivate var json: JSON {
        .object([
            ("index", .number(Int64(index))), ("pattern", .text(pattern)),
            ("origin", .text(origin)), ("mode", .text(mode)), ("class", .text(mapClass)),
            ("keyPolicy", .text(keyPolicy)), ("originRequestPolicy", .text(originRequestPolicy)),
            ("minTTL", .number(minTTL)), ("defaultTTL", .number(defaultTTL)),
            ("maxTTL", .number(maxTTL)),
        ])
    }
}

extension Explanation.Rewriting {
    fileprivate var json: JSON { .object([("what", .text(what)), ("result", .text(result))]) }
}

extension Explanation.Note {
    var json: JSON {
        .object([("word", .text(word)), ("text", .text(text)), ("remedy", .text(remedy))])
    }
}

extension Explanation.Note {
    /// With the key of the configuration that decides it.
    fileprivate var assumption: JSON { .object([("key", .text(word)), ("text", .text(text))]) }
}

extension Explanation.Key {
    fileprivate var json: JSON {
        .object([
            ("hash", .text(hash)), ("parts", .list(parts.map(\.json))),
            (
                "leftOut",
                .list(
                    leftOut.map { .object([("kind", .text($0.kind)), ("name", .text($0.name))]) })
            ),
            ("servedCoding", servedCoding.isEmpty ? .null : .text(servedCoding)),
        ])
    }
}

extension Explanation.KeyPart {
    fileprivate var json: JSON {
        .object([
            ("kind", .text(kind)), ("name", .text(name)),
            ("value", value.map(JSON.text) ?? .null), ("source", .text(source)),
        ])
    }
}

extension Explanation.KeyDifference {
    var json: JSON {
        .object([
            ("part", .text(label)), ("wanted", wanted.map(JSON.text) ?? .null),
            ("found", found.map(JSON.text) ?? .null), ("note", .text(note)),
        ])
    }
}

extension Explanation.Entry {
    fileprivate var json: JSON {
        .object([
            ("kind", .text(kind)), ("status", .number(Int64(status))),
            ("bodyLength", .number(Int64(clamping: bodyLength))), ("storedAt", .number(storedAt)),
            ("age", .number(age)), ("lifetime", .number(lifetime)), ("source", .text(source)),
            ("field", .text(field)), ("bound", .text(bound)), ("remaining", .number(remaining)),
            ("staleWhileRevalidate", .number(staleWhileRevalidate)),
            ("staleIfError", .number(staleIfError)), ("flags", .list(flags.map(JSON.text))),
            ("oldLifetime", .flag(hasOldLifetime)), ("pending", .flag(isPending)),
            ("invalidation", .number(Int64(clamping: invalidation))),
            ("variant", variantHash.isEmpty ? .null : .text(variantHash)),
            ("uncompressed", uncompressed.isEmpty ? .null : .text(uncompressed)),
        ])
    }
}

extension Explanation.NearMiss {
    fileprivate var json: JSON {
        .object([
            ("differences", .list(differences.map(\.json))), ("status", .number(Int64(status))),
            ("age", .number(age)), ("fresh", .flag(isFresh)), ("invalidated", .flag(isDead)),
        ])
    }
}

extension Explanation.Invalidation {
    fileprivate var json: JSON {
        .object([
            ("id", id.map { JSON.text($0) } ?? .null), ("number", .number(Int64(clamping: number))),
            ("rule", .text(rule)), ("kills", .flag(kills)), ("endsLifetime", .flag(endsLifetime)),
        ])
    }
}

extension Explanation.Origin {
    fileprivate var json: JSON {
        .object([
            ("id", .text(id)), ("asked", .flag(isAsked)), ("requestLine", .text(requestLine)),
            ("group", group.map(\.json) ?? .null),
            (
                "members",
                .list(
                    members.map { .object([("name", .text($0.word)), ("state", .text($0.text))]) })
            ),
            ("fields", .list(fields.map(\.json))), ("stripped", .list(stripped.map(\.json))),
        ])
    }
}

extension Explanation.OriginGroup {
    fileprivate var json: JSON {
        .object([
            ("id", .text(id)), ("members", .list(members.map(JSON.text))),
            ("statusCodes", .list(statuses.map { .number(Int64($0)) })),
            ("failsOver", .flag(failsOver)),
        ])
    }
}

extension Explanation.Field {
    fileprivate var json: JSON {
        .object([
            ("name", .text(name)), ("value", .text(value)), ("fate", .text(fate)),
            ("why", .text(why)),
        ])
    }
}

extension Explanation.Verdict {
    fileprivate var json: JSON {
        .object([
            ("action", .text(action)), ("reason", .text(reason)), ("sentence", .text(sentence)),
            ("storeRefusal", storeRefusal.map(JSON.text) ?? .null),
        ])
    }
}
