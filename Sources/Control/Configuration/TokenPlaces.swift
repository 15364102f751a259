import Caching
import Edge

// The key `tokenPlaces` of a behavior: where pages have tokens that are cut out and put in.
extension ConfigurationReader {
    /// - Parameter csrf: the names of the behavior's csrf cookies.
    func tokenPlaces(_ elements: [Section.Element], _ csrf: [String]) -> [TokenRule] {
        var rules: [TokenRule] = []
        for element in elements {
            guard case .section(let section) = element else {
                if case .value(let given) = element {
                    findings.error(
                        at: given.place, "\(given.name) is no mapping",
                        "write it as - { cookie: csrftoken, before: ['...'] }")
                }
                continue
            }
            guard let rule = tokenRule(section, csrf, after: rules) else { continue }
            rules.append(rule)
        }
        return rules
    }

    private func tokenRule(
        _ section: Section, _ csrf: [String], after rules: [TokenRule]
    ) -> TokenRule? {
        var section = section
        let name = section.name.dropLast()
        let cookie = section.given("cookie")
        var value: TokenRule.Value?
        let values = ValueForm<TokenRule.Value>.choice(["random": .random, "empty": .empty])
        section.read("value", &value, values)
        let given = section.list("before") ?? []
        let taken = rules.flatMap(\.before)
        let before = given.compactMap { textBefore($0, taken) }
        section.finish()
        if given.isEmpty {
            findings.error(
                at: section.place, "\(name) has no before",
                "add the texts behind which the token stands in pages")
        }
        if let cookie {
            value = tokenCookie(cookie, value, csrf, rules).map { .cookie($0) }
        } else if value == nil {
            findings.error(
                at: section.place, "\(name) says neither cookie nor value",
                "add \"cookie: csrftoken\" for the token of forms, or \"value: random\"")
        }
        guard let value, !before.isEmpty, before.count == given.count else { return nil }
        return TokenRule(before: before, value: value)
    }

    /// A text that stands before a token, and nowhere else by chance.
    private func textBefore(_ given: Given, _ taken: [String]) -> String? {
        guard let text = given.read(.text, findings) else { return nil }
        let last = text.utf8.last ?? 0
        let isLetter = FormSecret.isValid([UInt8](repeating: last, count: FormSecret.length))
        if text.utf8.count < TokenRule.leastBefore {
            findings.error(
                at: given.place,
                "\(given.name) is \"\(printable(text))\", which may stand before much else",
                "give \(TokenRule.leastBefore) characters or more, such as name=\"csrf\" value=\"")
        } else if isLetter {
            findings.error(
                at: given.place,
                "\(given.name) ends in a letter or digit, so that nobody knows where the token "
                    + "begins",
                "give the text up to the token, its quote included")
        } else if taken.contains(text) {
            findings.error(
                at: given.place, "\(given.name) stands before another token already",
                "remove it from one of them")
        } else {
            return text
        }
        return nil
    }

    private func tokenCookie(
        _ given: Given, _ value: TokenRule.Value?, _ csrf: [String], _ rules: [TokenRule]
    ) -> String? {
        guard let cookie = given.read(.cookieName, findings) else { return nil }
        if value != nil {
            findings.error(
                at: given.place, "\(given.name) has a value beside it",
                "remove one: a token is the cookie's, or made up")
        } else if !csrf.contains(cookie) {
            findings.error(
                at: given.place,
                "\(given.name) is \"\(printable(cookie))\", which is none of cookies.csrf",
                "add it there: the origin has to see it")
        } else if let other = rules.lazy.compactMap(\.cookie).first, other != cookie {
            findings.error(
                at: given.place, "\(given.name) is a second cookie beside \"\(printable(other))\"",
                "pages have the tokens of one")
        } else {
            return cookie
        }
        return nil
    }
}
