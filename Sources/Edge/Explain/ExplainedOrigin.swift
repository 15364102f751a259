import Caching
import CloudFront
import HTTP
import Reactor

// What an origin would get: the request that `Exchange.request(to:)` makes, held against the
// viewer's.
extension LoopState where N: ~Copyable {
    mutating func originAccount(_ exchange: Exchange) -> Explanation.Origin {
        let pool = exchange.pool
        let asker =
            exchange.decision.action == .serveStaleRefreshing
            ? refresher(exchange) : asker(exchange)
        // What its answer says of a write has to be read, so that it must not be coded.
        if asker.watch == nil { asker.watch = watch(asker) }
        let request = asker.request(to: pool.settings, conditions(asker))
        var account = Explanation.Origin()
        account.id = pool.settings.id
        account.group = groupAccount(exchange)
        switch exchange.decision.action {
        case .fetch, .revalidate, .pass, .serveStaleRefreshing: account.isAsked = true
        case .serve, .serveStale, .gatewayTimeout: break
        }
        account.members = pool.snapshot(
            at: network.monotonicMilliseconds, wall: network.wallNow
        ).members.map {
            Explanation.Note($0.name, $0.state)
        }
        let end = request.head.firstIndex(of: 13) ?? request.head.endIndex
        account.requestLine = String(decoding: request.head[..<end], as: UTF8.self)
        let sent = lines([UInt8](request.head[end...].dropFirst(2)))
        let asked = exchange.viewerLines
        account.fields = sent.map { line in field(line, asked, exchange) }
        if !sent.contains(where: { $0.name.lowercased() == "host" }) {
            let host = pool.settings.members.first?.authority ?? ""
            account.fields.insert(
                Explanation.Field("Host", host, "added", "the member's own name"), at: 0)
        }
        account.stripped = asked.filter { line in
            !account.fields.contains { $0.name.lowercased() == line.name.lowercased() }
        }.map { Explanation.Field($0.name, shown($0, exchange), "stripped", exchange.loss($0)) }
        let hasPolicy = exchange.imported != nil
        let unasked =
            exchange.map?.isImage == true
            ? "the map's normal form has no use for it" : "it is not for the origin"
        account.stripped += missing(
            "query", exchange.parameters, of: account.requestLine,
            hasPolicy ? Self.unnamed : unasked)
        let cookies = sent.first { $0.name.lowercased() == "cookie" }?.value ?? ""
        if !cookies.isEmpty {
            account.stripped += missing(
                "cookie", exchange.cookies, of: cookies,
                hasPolicy ? Self.unnamed : "the behavior's class has no use for it")
        }
        return account
    }

    /// Who asks behind a stale answer: see `refresh`.
    private func refresher(_ exchange: Exchange) -> Exchange {
        var decision = exchange.decision
        let revalidates =
            exchange.entry?.header.hasValidator == true && exchange.policy.revalidates
        decision.action = revalidates ? .revalidate : .fetch
        return byGet(exchange, id: .background(loop: index), decision)
    }

    private func lines(_ block: [UInt8]) -> [ExplainedLine] {
        var lines: [ExplainedLine] = []
        var walk = FieldLines()
        while let line = unsafe walk.next(in: block.span.bytes) {
            lines.append(
                ExplainedLine(
                    name: String(decoding: block[line.name], as: UTF8.self),
                    value: String(decoding: block[line.value], as: UTF8.self)))
        }
        return lines
    }

    private func field(
        _ line: ExplainedLine, _ asked: [ExplainedLine], _ exchange: Exchange
    ) -> Explanation.Field {
        let name = line.name.lowercased()
        let same = asked.filter { $0.name.lowercased() == name }
        let value = shown(line, exchange)
        if exchange.isCustom(name) {
            return Explanation.Field(
                line.name, value, same.isEmpty ? "added" : "changed", "custom header of the origin")
        }
        if same.contains(where: { $0.value == line.value }) {
            return Explanation.Field(line.name, value, "forwarded")
        }
        return Explanation.Field(
            line.name, value, same.isEmpty ? "added" : "changed", Exchange.gain(name))
    }

    /// What a log would not hold is not shown either.
    private func shown(_ line: ExplainedLine, _ exchange: Exchange) -> String {
        let name = line.name.lowercased()
        let isSecret = ["authorization", "proxy-authorization", "cookie"].contains(name)
        return isSecret || exchange.isCustom(name) ? hidden(Array(line.value.utf8)) : line.value
    }

    /// Parameters or cookies of the viewer that do not stand in what is sent.
    private func missing(
        _ kind: String, _ members: [ExplainedLine], of sent: String, _ reason: String
    ) -> [Explanation.Field] {
        // A map's normal form has its names in capitals.
        let kept = sent.split { "?&; ".contains($0) }.map { $0.lowercased() }
        return members.filter { member in
            let name = member.name.lowercased()
            return !kept.contains { $0 == name || $0.hasPrefix(name + "=") }
        }.map { Explanation.Field("\(kind) \($0.name)", "", "stripped", reason) }
    }

    private static var unnamed: String { "no policy of the behavior forwards it" }
}

/// A field line, or a parameter or cookie.
struct ExplainedLine {
    var name: String
    var value: String
}

extension Exchange {
    fileprivate func text(_ slice: ByteSlice) -> String {
        String(decoding: bytes[slice.range], as: UTF8.self)
    }

    fileprivate var viewerLines: [ExplainedLine] {
        (0..<head.fields.count).map {
            ExplainedLine(name: text(head.fields[$0].name), value: text(head.fields[$0].value))
        }
    }

    fileprivate var parameters: [ExplainedLine] {
        var walk = QueryParameters()
        var members: [ExplainedLine] = []
        let query = [UInt8](bytes[head.query.range])
        while let parameter = unsafe walk.next(in: query.span.bytes) {
            let name = String(decoding: query[parameter.name], as: UTF8.self)
            if !name.isEmpty { members.append(ExplainedLine(name: name, value: "")) }
        }
        return members
    }

    fileprivate var cookies: [ExplainedLine] {
        let request = bytes
        let cookies = unsafe SelectedCookies(
            head, bytes: request.span.bytes, .all, dropsSignature: false)
        return (0..<cookies.count).map {
            ExplainedLine(name: text(cookies[$0].name), value: "")
        }
    }

    fileprivate func isCustom(_ name: String) -> Bool {
        pool.settings.customHeaders.contains { $0.name.lowercased() == name }
    }

    /// Why a field of the viewer's stays here.
    fileprivate func loss(_ line: ExplainedLine) -> String {
        let bytes = Array(line.name.utf8)
        let known = unsafe KnownField.named(bytes.span.bytes)
        switch known {
        case .xEdgeExplain: return "it is for the edge"
        case .ifNoneMatch, .ifModifiedSince, .range, .ifRange:
            return "the whole response is wanted, for the store"
        case _ where known.isHopByHop: return "it concerns the viewer's connection"
        case .xForwardedFor, .xForwardedProto, .xForwardedHost, .forwarded, .xRealIP:
            return "the viewer's word does not count"
        case _ where unsafe fieldTrust?.strips(bytes.span.bytes) == true:
            return "any viewer can write it, and the origin might believe it"
        case _ where imported == nil:
            return "the answer may be others', too: it is asked for without what tells who asks"
        case .authorization:
            return "GET and HEAD lose it, unless it is in the key or all viewer headers are sent"
        case .cookie: return "no cookies are forwarded"
        default: return "no policy of the behavior names it"
        }
    }

    /// Where a field comes from that the viewer did not send so.
    fileprivate static func gain(_ name: String) -> String {
        switch name {
        case "host": "the origin's own name"
        case "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-amz-cf-id":
            "the edge's account of the way"
        case "accept-encoding": "normalised"
        case "cookie": "the cookies that the policies name"
        case "if-none-match", "if-modified-since": "of what is stored"
        case "user-agent": "CloudFront's own, since no policy names User-Agent"
        case _ where name.hasPrefix("cloudfront-"): "named by a policy"
        default: "the edge's own"
        }
    }
}
