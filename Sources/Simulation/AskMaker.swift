/// Makes requests: of which resource, and of which kind, the dice say.
final class AskMaker {
    let world: World
    private let resources: [Resource]
    private let distribution: SimulatedDistribution?
    /// The validators seen last of each resource.
    private var tags: [String: String] = [:]
    private var dates: [String: String] = [:]
    private var writes = 0
    /// In some worlds nearly everybody wants a part or a head, several the same one at a time.
    private let wantsParts: Bool

    init(_ world: World, _ resources: [Resource], _ distribution: SimulatedDistribution?) {
        self.world = world
        self.resources = resources
        self.distribution = distribution
        wantsParts = world.dice.chance(15)
    }

    /// What kind of request it is, of a hundred.
    func kind() -> Int { world.dice.below(100) / (wantsParts ? 5 : 1) }

    /// Remembers validators, for conditional requests to come.
    func learn(_ head: PlainHead, _ resource: Resource) {
        if let tag = head["etag"] { tags[resource.name] = tag }
        if let date = head["last-modified"] { dates[resource.name] = date }
    }

    /// One request, with the present as the moment of its sending.
    func make(viewer: Int, isCalm: Bool, isLast: Bool) -> Ask {
        let dice = world.dice
        // Some are asked for far more often than others.
        let resource = resources[min(dice.below(resources.count), dice.below(resources.count))]
        if let distribution {
            return make(viewer, resource, distribution, isCalm: isCalm, isLast: isLast)
        }
        let language = dice.pick(["a", "b"])
        var ask = Ask(
            viewer: viewer, method: "GET", resource: resource,
            variant: resource.varies ? language : "all", key: resource.name, sentAt: world.now,
            mustSucceed: isCalm)
        var fields = "Host: maps.test\r\nAccept-Language: \(language)\r\n"
        var body: [UInt8] = []
        switch kind() {
        case 0..<8: ask.method = "HEAD"
        case 8..<18: fields += range(&ask)
        case 18..<30: fields += condition(&ask)
        case 30..<38 where !resource.isSteady: (fields, body) = write(&ask, fields)
        case 38..<43: fields += control(&ask)
        case 43..<47:
            ask.variant = "u\(viewer)"
            fields += "X-Alone: 1\r\nCookie: sessionid=u\(viewer)\r\n"
        default: break
        }
        var version = "1.1"
        if isLast, dice.chance(5) {
            version = "1.0"
        } else if isLast, dice.chance(5) {
            fields += "Connection: close\r\n"
        }
        if version == "1.0", fields.contains("Transfer-Encoding") { version = "1.1" }
        ask.bytes = Array("\(ask.method) \(resource.target) HTTP/\(version)\r\n\(fields)\r\n".utf8)
        ask.bytes += body
        return ask
    }

    func range(_ ask: inout Ask) -> String {
        let dice = world.dice
        ask.isRange = true
        let first = dice.below(ask.resource.sizeMax + 60)
        // It may lie behind the end.
        ask.mustSucceed = false
        let text = dice.pick(["\(first)-", "\(first)-\(first + dice.below(5_000))", "0-0", "-20"])
        guard dice.chance(20), let tag = tags[ask.resource.name] else {
            return "Range: bytes=\(text)\r\n"
        }
        return "Range: bytes=\(text)\r\nIf-Range: \(tag)\r\n"
    }

    func condition(_ ask: inout Ask) -> String {
        ask.isConditional = true
        if let tag = tags[ask.resource.name], world.dice.chance(60) {
            return "If-None-Match: \(tag)\r\n"
        }
        if let date = dates[ask.resource.name] { return "If-Modified-Since: \(date)\r\n" }
        return "If-None-Match: \"another\"\r\n"
    }

    private func control(_ ask: inout Ask) -> String {
        let word = world.dice.pick([
            "no-cache", "max-age=0", "only-if-cached", "no-store", "max-stale",
        ])
        if word == "only-if-cached" { ask.mustSucceed = false }
        ask.takesStale = word == "max-stale"
        ask.wantsNew = word == "no-cache" || word == "max-age=0"
        return "X-Alone: 1\r\nCache-Control: \(word)\r\n"
    }

    private func write(_ ask: inout Ask, _ fields: String) -> (String, [UInt8]) {
        ask.method = "POST"
        writes += 1
        var fields = fields + "X-Post: \(writes)\r\n"
        let bytes = Ask.writing(writes)
        if world.dice.chance(20) { fields += "Expect: 100-continue\r\n" }
        guard world.dice.chance(40), !bytes.isEmpty else {
            return (fields + "Content-Length: \(bytes.count)\r\n", bytes)
        }
        let cut = world.dice.pick(1...bytes.count)
        var body: [UInt8] = []
        for piece in [bytes[..<cut], bytes[cut...]] where !piece.isEmpty {
            body += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
        }
        return (fields + "Transfer-Encoding: chunked\r\n", body + Array("0\r\n\r\n".utf8))
    }
}
