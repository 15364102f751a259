/// What policies of all kinds have in common.
enum PolicyRules {
    /// Reads `{"CookieBehavior": ..., "Cookies": {...}}` and its like.
    static func readSelection(
        _ fields: inout ConfigFields, _ key: String, behavior: String, list: String
    ) -> NameSelection {
        guard var config = fields.requiredMap(key) else { return .none }
        defer { config.finish() }
        let mode: NameSelection.Mode = config.requiredWord(behavior, else: .none)
        let names = config.texts(list)
        let needsNames = mode == .list || mode == .allExcept
        judgeList(needsNames, names.count, list, behavior, config)
        judgeQuota(names, list, config)
        return NameSelection(mode, needsNames ? names : [])
    }

    /// A list stands there exactly when the behavior needs one.
    static func judgeList(
        _ isNeeded: Bool, _ count: Int, _ list: String, _ behavior: String, _ fields: ConfigFields
    ) {
        if isNeeded, count == 0 {
            fields.log.error(
                fields.place(list), "\(behavior) needs names and \(list) has none",
                "name some, or change \(behavior)")
        } else if !isNeeded, count > 0 {
            fields.log.error(
                fields.place(list), "\(list) has names that \(behavior) does not use",
                "remove them, or change \(behavior)")
        }
    }

    /// Ten names and 1,024 characters: quotas that an account may have raised.
    static func judgeQuota(_ names: [String], _ list: String, _ fields: ConfigFields) {
        let total = names.reduce(0) { $0 + $1.utf8.count }
        if names.count > 10 || total > 1_024 {
            fields.log.warning(
                fields.place(list),
                "\(names.count) names of \(total) characters exceed CloudFront's quota",
                "keep to 10 names and 1024 characters")
        }
        for name in names where names.filter({ $0 == name }).count > 1 {
            fields.log.error(fields.place(list), "\"\(name)\" stands twice", "keep one of them")
            return
        }
    }

    static func judgeKeyHeaders(_ names: [String], _ fields: ConfigFields) {
        judgeQuota(names, "Headers", fields)
        for name in names where KeyFieldRules.isForbidden(name) || name == "*" {
            fields.log.error(
                fields.place("Headers"), "\(name) cannot be part of the key",
                "remove it; an origin request policy can forward more")
        }
        judgeOwnHeaders(names.filter { !KeyFieldRules.isForbidden($0) }, fields)
    }

    /// CloudFront's own fields that the edge cannot make, fingerprints of TLS above all: OpenSSL
    /// tells of a ClientHello only the extensions that it knows itself.
    static func judgeOwnHeaders(_ names: [String], _ fields: ConfigFields) {
        for name in names
        where name.lowercased().hasPrefix("cloudfront-") && !GeneratedFields.knows(name) {
            fields.log.notEmulated(
                fields.place("Headers"), "\(name) is not emulated",
                "only a CloudFront in front of the edge can tell it")
        }
    }
}
