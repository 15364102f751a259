// Requests that tell a distribution's keys apart, and such as must not.
extension AskMaker {
    private static let queries = [
        "", "", "?a=1", "?a=2", "?a=1&utm=7", "?utm=3&a=1", "?b=1&a=1", "?a=1&a=2", "?utm=9",
    ]
    private static let cookies = ["", "", "s=1", "s=2; t=9", "t=3; s=1", "t=3"]
    private static let codings = ["", "gzip", "br, gzip", "gzip;q=0, br", "deflate"]

    func make(
        _ viewer: Int, _ resource: Resource, _ distribution: SimulatedDistribution, isCalm: Bool,
        isLast: Bool
    ) -> Ask {
        let dice = world.dice
        var ask = Ask(
            viewer: viewer, method: "GET", resource: resource, variant: "", key: "",
            sentAt: world.now, mustSucceed: isCalm && resource.failure == nil)
        var fields = "Host: maps.test\r\n"
        switch kind() {
        case 0..<8: ask.method = "HEAD"
        case 8..<16: fields += range(&ask)
        case 16..<28: fields += condition(&ask)
        default: break
        }
        var coding = dice.pick(Self.codings)
        // Of a part of a compressed body nobody here can tell whether it is right.
        if ask.isRange { coding = "" }
        let language = dice.pick(["", "de", "en"])
        let others = [
            ("Cookie", dice.pick(Self.cookies)), ("Accept-Encoding", coding), ("X-Lang", language),
        ]
        for (name, value) in others where !value.isEmpty { fields += "\(name): \(value)\r\n" }
        if isLast, dice.chance(5) { fields += "Connection: close\r\n" }
        let target = resource.target + dice.pick(Self.queries)
        ask.bytes = Array("\(ask.method) \(target) HTTP/1.1\r\n\(fields)\r\n".utf8)
        guard let head = PlainHead(ask.bytes) else { return ask }
        ask.variant = distribution.variant(of: head)
        ask.key = OriginAnswer.key(of: head, resource, distribution).key
        ask.takesGzip = SimulatedDistribution.codings(coding).contains("gzip")
        return ask
    }
}
