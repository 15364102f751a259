import HTTP

/// Where a page has tokens that can be cut out and put in, and what is put in.
public struct TokenRule: Sendable, Hashable {
    public enum Value: Sendable, Hashable {
        /// The secret of the reader's cookie of that name.
        case cookie(String)
        /// Something made up, as long and of the same letters as what stood there.
        case random
        /// Nothing.
        case empty
    }

    /// Of tokens that are not a cookie's, and of all runs that are looked at.
    public static var lengths: ClosedRange<Int> { 16...128 }
    /// A shorter text before a token may well stand elsewhere too.
    public static var leastBefore: Int { 8 }

    /// Texts behind which a token begins at once, letter by letter.
    public var before: [String]
    public var value: Value

    public init(before: [String], value: Value) {
        self.before = before
        self.value = value
    }

    public var cookie: String? { if case .cookie(let name) = value { name } else { nil } }
}

/// Cuts the tokens out of a page that an anonymous reader's request got, at the places named.
///
/// What is cut is known for what it is: a form's token has to be the very secret of this
/// exchange's cookie, plain or under a mask. All else of the page is searched by ``PageSecrets``,
/// for the values that were cut too, and whatever is found or doubtful leaves the page to its
/// reader. Pure; takes a page's length times the number of texts at the worst.
public struct TokenCutter: Sendable {
    public enum Verdict: Sendable, Equatable {
        /// It has no token, at the places or elsewhere.
        case whole
        case cut([UInt8], CutTokens)
        /// It is its reader's own.
        case refused
    }

    private struct Text {
        var bytes: [UInt8]
        var rule: Int
    }

    private let rules: [TokenRule]
    private let names: [String]
    private let secret: [UInt8]
    private let others: [[UInt8]]
    private let cookie: [UInt8]
    private let attributes: [UInt8]?
    private let texts: [Text]
    private var begins = [Bool](repeating: false, count: 256)

    /// - Parameters:
    ///   - names: what stands beside tokens: found elsewhere they make the page private.
    ///   - secret: the value of the rules' cookie by which the page was made; empty: there is none.
    ///   - others: values that the rest of the page must not have.
    ///   - attributes: how the site sets that cookie; nil: it has not.
    public init(
        _ rules: [TokenRule], names: [String], secret: [UInt8], others: [[UInt8]] = [],
        attributes: [UInt8]?
    ) {
        (self.rules, self.names, self.others) = (rules, names, others)
        self.secret = FormSecret.isValid(secret) ? secret : []
        cookie = Array((rules.lazy.compactMap(\.cookie).first ?? "").utf8)
        self.attributes = attributes
        texts = rules.enumerated().flatMap { rule in
            rule.element.before.filter { !$0.isEmpty }.map {
                Text(bytes: Array($0.utf8), rule: rule.offset)
            }
        }.sorted { $0.bytes.count > $1.bytes.count }
        for text in texts { begins[Int(text.bytes[0])] = true }
    }

    public func cut(_ page: [UInt8]) -> Verdict {
        var (tokens, rest) = (CutTokens(), [] as [Range<Int>])
        var kept: [UInt8] = []
        kept.reserveCapacity(page.count)
        var values = [[UInt8]?](repeating: nil, count: rules.count)
        var (at, start, from, count) = (0, 0, 0, 0)
        while at < page.count {
            guard begins[Int(page[at])], let text = text(in: page, at) else {
                at += 1
                continue
            }
            let begin = at + text.bytes.count
            var end = begin
            while end < page.count, FormSecret.index(page[end]) != nil { end += 1 }
            count += 1
            guard count <= CutTokens.placesMax,
                let cut = substitute(Array(page[begin..<end]), text.rule, &values[text.rule])
            else { return .refused }
            rest.append(start..<at)
            kept += page[from..<begin]
            if case .token(let kind) = cut {
                tokens.places.append(CutTokens.Place(kept.count, kind))
            }
            (at, start, from) = (end, end, end)
        }
        rest.append(start..<page.count)
        kept += page[from...]
        if finds(in: page, rest, values.compactMap { $0 }) { return .refused }
        if count == 0 { return .whole }
        // A page that brings the cookie has a script that reads it.
        if attributes != nil || tokens.places.contains(where: { !$0.kind.isRandom }) {
            (tokens.cookie, tokens.attributes) = (cookie, attributes)
        }
        return .cut(kept, tokens)
    }

    private func text(in page: [UInt8], _ at: Int) -> Text? {
        texts.first { text in
            page.count - at >= text.bytes.count
                && text.bytes.indices.allSatisfy { page[at + $0] == text.bytes[$0] }
        }
    }

    /// What comes in place of a token.
    private enum Substitute {
        case nothing
        case token(CutTokens.Kind)
    }

    /// nil: it is not the token that it should be.
    private func substitute(
        _ run: [UInt8], _ rule: Int, _ value: inout [UInt8]?
    ) -> Substitute? {
        if case .cookie = rules[rule].value {
            guard !secret.isEmpty, FormSecret.isValid(run) else { return nil }
            if run == secret { return .token(.plain) }
            let isMasked = run.count == FormSecret.maskedLength
            guard isMasked, FormSecret.plain(run) == FormSecret.plain(secret) else { return nil }
            return .token(.masked)
        }
        // One page has one token, however often.
        guard TokenRule.lengths.contains(run.count), value == nil || value == run else {
            return nil
        }
        value = run
        if rules[rule].value == .empty { return .nothing }
        let isHex = run.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        return .token(.random(length: run.count, isHex: isHex))
    }

    private func finds(in page: [UInt8], _ rest: [Range<Int>], _ values: [[UInt8]]) -> Bool {
        var secrets = others + values
        if !secret.isEmpty { secrets += [secret, FormSecret.plain(secret)] }
        var search = PageSecrets(names: names, secrets: secrets)
        let border: [UInt8] = [10]
        for range in rest {
            unsafe search.look(at: page.span.bytes.extracting(range))
            unsafe search.look(at: border.span.bytes)
        }
        search.end()
        return search.isFound
    }
}
