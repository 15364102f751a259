import HTTP

/// Whether a write took effect, as far as its response shows.
public enum WriteOutcome: UInt8, Sendable {
    case happened
    /// It definitely changed nothing: it was refused, or there was nothing to change.
    case refused
    /// Nobody can tell, so that it counts as happened: no answer, a server's error, an answer that
    /// cannot be read or was cut short.
    case unknown

    /// Whether what it touched has to be made stale.
    public var mayHaveHappened: Bool { self != .refused }

    /// Whether what was sent to a page may have been done, by the status of its answer.
    public static func mayHaveHappened(answeredBy status: Int) -> Bool {
        of(status: status, form: .status)?.mayHaveHappened ?? true
    }

    /// What a status says by itself (RFC 9110 §15): nil when the body decides.
    ///
    /// - Parameter isTurnedAway: it redirects to where people sign in, or to where the same request
    ///   is to be sent.
    static func of(
        status: Int, form: ObservedWrite.ResponseForm, isTurnedAway: Bool = false
    ) -> WriteOutcome? {
        switch status {
        case 200...299: form == .status || form == .command ? .happened : nil
        case _ where form == .state: .refused
        // Said by who stands between, or of a client that had sent all: it may have been done.
        case 408, 499, 502, 504: .unknown
        case _ where form == .command: .refused
        // WFS 2.0 reports an exception so, of which `divisible` says what it is worth.
        case 400 where form == .divisible: .unknown
        // The same request is to be sent elsewhere (RFC 9110 §15.4.8, §15.4.9).
        case 307, 308: .refused
        // Whoever has to sign in first was refused; else it is a form's usual answer.
        case 300...399: isTurnedAway || form == .doubtful ? .refused : .happened
        case 400...499: .refused
        // A page that cannot be drawn may come behind a form that was saved.
        default: .unknown
        }
    }

    /// Of a write by whoever shows no credentials. Answers of a site and of REST interfaces say by
    /// a success that it was done, and by a redirection that it was not: else nobody could be kept
    /// from emptying the store by what was never done. An answer that is lost tells nothing, and
    /// the caller sees to it that what it may have touched is stale and not gone.
    public func withoutCredentials(
        status: Int?, form: ObservedWrite.ResponseForm
    ) -> WriteOutcome {
        guard form == .status || form == .command else { return self }
        return switch status ?? 500 {
        case 200...299: self
        case 300...499: .refused
        default: self == .refused ? .refused : .unknown
        }
    }

    /// Whether a redirection sends to the same path once more: to another scheme, host or spelling
    /// of it, as before anything was done. A form may lead back to its own page when it is done,
    /// but neither for good, nor with another slash at the end, nor by https with the query that it
    /// came with: so servers send away who came without.
    ///
    /// - Parameter isPlain: the server was told that it came by http.
    public static func leadsBack(
        status: Int, _ location: RawSpan, to path: RawSpan, query: RawSpan, isPlain: Bool
    ) -> Bool {
        let text = String(decoding: PercentCoding.decodedBytes(location), as: UTF8.self)
        let asked = String(decoding: PercentCoding.decodedBytes(path), as: UTF8.self)
        var target = text.prefix { $0 != "?" && $0 != "#" }
        for scheme in ["http://", "https://", "//"] where target.lowercased().hasPrefix(scheme) {
            target = target.dropFirst(scheme.count).drop { $0 != "/" }
            if target.isEmpty { target = "/" }
            break
        }
        func bare(_ path: Substring) -> Substring { path.hasSuffix("/") ? path.dropLast() : path }
        // A query alone leads to the path itself.
        if target.isEmpty { target = asked[...] }
        guard bare(target) == bare(asked[...]) else { return false }
        if isPlain, text.lowercased().hasPrefix("https://") {
            let sent = text.prefix { $0 != "#" }.drop { $0 != "?" }.dropFirst()
            let came = String(decoding: PercentCoding.decodedBytes(query), as: UTF8.self)
            if sent == came { return true }
        }
        return status == 301 || target != asked
    }

    /// Whether a redirection's target is where people sign in: GeoServer's page for it, or a
    /// site's, which is told where to go on (Django, `redirect_to_login`).
    ///
    /// - Parameter isInterface: what was asked for is a REST interface, whose success leads to no
    ///   such page. A form's may, as that for a new password does.
    public static func leadsToSignIn(_ location: RawSpan, isInterface: Bool = false) -> Bool {
        let text = String(decoding: (0..<location.byteCount).map { location[$0] }, as: UTF8.self)
        let parts = text.split(separator: "?", maxSplits: 1)
        guard let last = parts.first?.split(separator: "/").last?.lowercased() else { return false }
        if last.hasSuffix("loginpage") { return true }
        guard ["login", "signin"].contains(last) else { return false }
        if isInterface { return true }
        return parts.count == 2
            && parts[1].split(separator: "&").contains { $0.hasPrefix("next=") }
    }
}
