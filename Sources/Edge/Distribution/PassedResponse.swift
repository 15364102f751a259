import Caching
import CloudFront
import HTTP
import Reactor

// What of an origin's head CloudFront passes on. It is put in order as it comes, so that everything
// behind this point, the store included, sees the response as viewers do.
extension LoopState where N: ~Copyable {
    /// The head in CloudFront's order, read anew into `originHead`; the given one where nothing
    /// changes, as for behaviors that were not imported.
    ///
    /// Source: CloudFront, "HTTP response headers that CloudFront removes or replaces".
    mutating func passed(_ raw: [UInt8], _ exchange: Exchange) -> [UInt8] {
        guard let imported = exchange.imported, originHead.status >= 200 else { return raw }
        let rules = imported.behavior.towards(isS3: exchange.asksS3).forwarding
        let isTwin = exchange.snapshot.settings.role == .twin
        var next: [UInt8] = []
        next.reserveCapacity(raw.count + 32)
        let start = originHead.fields.count > 0 ? Int(originHead.fields[0].name.start) : nil
        next += raw[..<(start ?? originHead.length - 2)]
        for index in 0..<originHead.fields.count {
            let field = originHead.fields[index]
            switch field.known {
            case .setCookie where !rules.forwardsCookies:
                exchange.noteTakenOff("Set-Cookie")
                continue
            case .trailer, .upgrade: continue
            case .via where isTwin: continue
            case .other where isTwin && isIdentity(raw, field.name): continue
            case .vary:
                let names = keptNames(raw, field.value, rules, exchange.policy.minTTL)
                if names.count < field.value.range.count { exchange.noteTakenOff("Vary") }
                if !names.isEmpty { next += Array("Vary: ".utf8) + names + [13, 10] }
                continue
            default: break
            }
            next += raw[field.name.range] + [58, 32] + raw[field.value.range] + [13, 10]
        }
        // A 304 without Server leaves the stored one as it is. Where a policy edits what viewers
        // get, it may set one of its own.
        let isEdited = exchange.snapshot.hot[exchange.behavior].traits.contains(.editsResponses)
        if isTwin, !isEdited, !originHead.fields.contains(.server), originHead.status != 304 {
            next += Array("Server: CloudFront\r\n".utf8)
        }
        next += [13, 10]
        return reread(next, exchange) ? next : raw
    }

    /// Reads a head that was put together anew into `originHead`; false: it is none, and the one
    /// before stays.
    mutating func reread(_ head: [UInt8], _ exchange: Exchange) -> Bool {
        let before = originHead
        var scan = HeadScan()
        var limits = HeadLimits.response
        limits.fieldCount = HeaderTable.capacity
        let result = unsafe parseResponse(
            head.span.bytes, &scan, limits: limits, toHead: exchange.head.method == .head,
            into: &originHead)
        if case .complete = result { return true }
        originHead = before
        return false
    }

    /// Of another CloudFront in front of the origin: viewers are told of this one.
    private func isIdentity(_ raw: [UInt8], _ name: ByteSlice) -> Bool {
        let name = unsafe raw.span.bytes.extracting(name.range)
        return RequestID.isField(name) || equalsIgnoringCase(name, "x-amz-cf-pop")
    }

    /// The names of a Vary that the key or the forwarded fields can tell apart; `*` under a
    /// minimum of 0 only, since it is a name like others under another.
    private func keptNames(
        _ raw: [UInt8], _ value: ByteSlice, _ rules: Forwarding, _ minTTL: Milliseconds
    ) -> [UInt8] {
        let bytes = unsafe raw.span.bytes.extracting(value.range)
        var kept: [UInt8] = []
        var list = FieldList()
        while let range = list.next(in: bytes) {
            let name = bytes.extracting(range)
            guard equalsExactly(name, "*") ? minTTL == 0 : rules.keepsVary(name) else { continue }
            if !kept.isEmpty { kept += [44, 32] }
            unsafe name.withUnsafeBytes { unsafe kept += $0 }
        }
        return kept
    }
}
