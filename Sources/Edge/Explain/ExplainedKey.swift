import Caching
import CloudFront
import HTTP

// The key in words: each part of it and who put it there.
extension LoopState where N: ~Copyable {
    /// `variant` is the key with the values of the Vary fields; empty where there are none.
    func keyAccount(_ exchange: Exchange, variant: [UInt8]) -> Explanation.Key {
        var key = Explanation.Key()
        let canonical = variant.isEmpty ? exchange.canonical : variant
        key.parts = keyParts(canonical, exchange.imported)
        key.hash = unsafe hex(CacheKey.hash(exchange.canonical.span.bytes, seed: seed))
        if exchange.map?.isCanonical == true {
            key.leftOut = leftOut(ofMap: exchange)
        } else if let imported = exchange.imported {
            key.leftOut = leftOut(exchange, imported)
        }
        return key
    }

    private func host(_ value: String, isOwn: Bool) -> Explanation.KeyPart {
        Explanation.KeyPart(
            "host", value,
            source: isOwn ? "Host, in small letters" : "the distribution's, whatever the alias")
    }

    private func namesMap(_ canonical: [UInt8]) -> Bool {
        var walk = CanonicalParts()
        while let (part, _) = unsafe walk.next(in: canonical.span.bytes) {
            if part == .mapRequest { return true }
        }
        return false
    }

    /// The parts of a canonical key; none of what is a digest.
    func keyParts(_ canonical: [UInt8], _ imported: ImportedBehavior?) -> [Explanation.KeyPart] {
        var parts: [Explanation.KeyPart] = []
        var walk = CanonicalParts()
        let isMap = namesMap(canonical)
        let selection = imported?.behavior.key
        while let (part, range) = unsafe walk.next(in: canonical.span.bytes) {
            let bytes = [UInt8](canonical[range])
            let value = String(decoding: bytes, as: UTF8.self)
            switch part {
            case .methodClass:
                parts.append(Explanation.KeyPart("method", value == "G" ? "GET or HEAD" : value))
            case .host:
                parts.append(
                    bytes.isEmpty && isMap ? .anyHost : host(value, isOwn: selection == nil))
            case .path:
                let isNormal = selection?.normalizesPath == true
                parts.append(
                    Explanation.KeyPart(
                        "path", value, source: isNormal ? "in its normal form" : "as sent"))
            case .query:
                var source = selection.map { sentence($0.queryStrings) } ?? "as sent"
                if bytes.isEmpty { source = "a lone ? is a query of its own" }
                if selection?.normalizesQuery == true { source += ", in their normal form" }
                parts.append(Explanation.KeyPart("query", value, source: source))
            case .fieldName:
                parts.append(fieldPart(value, selection))
            case .cookieName:
                let source = selection.map { sentence($0.cookies) } ?? ""
                parts.append(Explanation.KeyPart("cookie", name: value, nil, source: source))
            case .variantName:
                parts.append(
                    Explanation.KeyPart("vary", name: value, nil, source: "Vary of what is stored"))
            case .fieldValue, .cookieValue, .variantValue: parts.add(bytes) { hidden($0) }
            case .coding:
                parts.append(
                    Explanation.KeyPart(
                        "coding", value == "g" ? "gzip" : value, source: "from Accept-Encoding"))
            case .behavior:
                let isShared = isMap && selection?.sharesPictures == true
                let whose = isShared ? "the key of this server's pictures" : "the key"
                parts.append(
                    Explanation.KeyPart(
                        "policy", hexBytes(bytes), source: "what \(whose) consists of"))
            case .mapRequest:
                parts.append(Explanation.KeyPart("map", value, source: "in its normal form"))
            case .language:
                parts.append(
                    Explanation.KeyPart(
                        "language", value, source: "of the site's, the one the reader reads best"))
            case .origin:
                parts.append(Explanation.KeyPart("origin", value, source: "Origin, as sent"))
            case .script:
                parts.append(
                    Explanation.KeyPart(
                        "script", "XMLHttpRequest", source: "X-Requested-With: a script asks"))
            case .scheme: parts.append(.scheme(value, isSecond: parts.last?.kind == "scheme"))
            }
        }
        return walk.isBroken ? [] : parts
    }

    /// A field that a policy names, or one that tells a host and is in the key all the same.
    private func fieldPart(_ name: String, _ selection: KeySelection?) -> Explanation.KeyPart {
        let bytes = Array(name.utf8)
        let isNamed = unsafe selection?.headers.contains(bytes.span.bytes) == true
        return Explanation.KeyPart(
            "field", name: name, nil,
            source: isNamed
                ? "named by the policy" : "the origin is told it, and its documents name it")
    }

    private func sentence(_ selection: NameSelection) -> String {
        let names = selection.names.texts.joined(separator: ", ")
        return switch selection.mode {
        case .none: "none"
        case .all: "all, as sent"
        case .list: "those named: \(names)"
        case .allExcept: "all but \(names)"
        }
    }

    /// In place of a secret: how long it is, and a digest that tells whether two are the same.
    func hidden(_ bytes: [UInt8]) -> String {
        let digest = unsafe hex(CacheKey.hash(bytes.span.bytes, seed: seed)).prefix(6)
        return "(\(bytes.count) bytes, #\(digest))"
    }

    private func hexBytes(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Parameters and cookies of the request that its key does not have.
    private func leftOut(
        _ exchange: Exchange, _ imported: ImportedBehavior
    ) -> [Explanation.KeyOmission] {
        let selection = imported.behavior.key
        let request = exchange.bytes
        let bytes = unsafe request.span.bytes
        var omitted: [Explanation.KeyOmission] = []
        func note(_ kind: String, _ name: RawSpan) {
            let text = unsafe name.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            let omission = Explanation.KeyOmission(kind, text)
            if !text.isEmpty, !omitted.contains(omission) { omitted.append(omission) }
        }
        let query = bytes.extracting(exchange.head.query.range)
        var walk = QueryParameters()
        while let parameter = walk.next(in: query) {
            let name = query.extracting(parameter.name)
            if !selection.queryStrings.selects(name) { note("query", name) }
        }
        let cookies = SelectedCookies(
            exchange.head, bytes: bytes, .all, dropsSignature: false)
        for index in 0..<cookies.count {
            let name = bytes.extracting(cookies[index].name.range)
            if !selection.cookies.selects(name) { note("cookie", name) }
        }
        return omitted
    }
}

extension [Explanation.KeyPart] {
    /// A value belongs to the name before it; a field with several lines has several.
    fileprivate mutating func add(_ bytes: [UInt8], hidden: ([UInt8]) -> String) {
        guard let last = indices.last else { return }
        let isSecret =
            self[last].kind == "cookie" || self[last].name == "authorization"
            || self[last].name == "cookie"
        let text = isSecret ? hidden(bytes) : String(decoding: bytes, as: UTF8.self)
        self[last].value = self[last].value.map { "\($0), \(text)" } ?? text
    }

    /// In what two keys differ, in the order of this one; empty when they are equal.
    func differences(from other: [Explanation.KeyPart]) -> [Explanation.KeyDifference] {
        var differences: [Explanation.KeyDifference] = []
        var rest = other
        for part in self {
            guard let index = rest.firstIndex(where: { $0.label == part.label }) else {
                differences.append(
                    Explanation.KeyDifference(part.label, wanted: part.shown, found: nil))
                continue
            }
            let match = rest.remove(at: index)
            if match.value == part.value { continue }
            differences.append(
                Explanation.KeyDifference(
                    part.label, wanted: part.shown, found: match.shown,
                    note: KeyComparison.note(part, match)))
        }
        return differences
            + rest.map {
                Explanation.KeyDifference($0.label, wanted: nil, found: $0.shown)
            }
    }
}

extension Explanation.KeyPart {
    /// The value as a difference shows it.
    fileprivate var shown: String { value ?? "(absent)" }
}

extension String {
    /// What stands behind the mark of a map's normal form.
    fileprivate var withoutPath: String {
        firstIndex { $0 == "?" || $0 == "#" }.map { String(self[index(after: $0)...]) } ?? self
    }
}

/// What is peculiar about two values of one part.
enum KeyComparison {
    static func note(_ left: Explanation.KeyPart, _ right: Explanation.KeyPart) -> String {
        guard let one = left.value, let other = right.value else { return "" }
        switch left.kind {
        case "query": return query(one, other)
        case "map": return query(one.withoutPath, other.withoutPath)
        case "path":
            if one.lowercased() == other.lowercased() { return "letters differ in case" }
            return one + "/" == other || one == other + "/" ? "a slash at the end" : ""
        default:
            return one.lowercased() == other.lowercased() ? "letters differ in case" : ""
        }
    }

    /// Which parameters differ, by name; or that their order does.
    private static func query(_ one: String, _ other: String) -> String {
        let (left, right) = (parameters(one), parameters(other))
        if left.sorted() == right.sorted() { return "the same parameters in another order" }
        var names: [String] = []
        for parameter in left.filter({ !right.contains($0) }) + right.filter({ !left.contains($0) })
        {
            let name = String(parameter.prefix { $0 != "=" })
            if !names.contains(name) { names.append(name) }
        }
        return names.isEmpty ? "a parameter is repeated" : names.joined(separator: ", ")
    }

    private static func parameters(_ query: String) -> [String] {
        query.split(separator: "&").map(String.init)
    }
}

extension Explanation.KeyPart {
    /// Of a map; a viewer of HTTP/1.0 may have sent none as well.
    fileprivate static var anyHost: Self {
        Self("host", "any", source: "maps are the same under each")
    }

    /// As the origin is told it; behind it what CloudFront tells.
    fileprivate static func scheme(_ value: String, isSecond: Bool) -> Self {
        let field = isSecond ? "CloudFront-Forwarded-Proto" : "X-Forwarded-Proto"
        return Self("scheme", value, source: "\(field), as the origin gets it")
    }
}
