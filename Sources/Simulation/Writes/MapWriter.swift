/// A writer: one edit after the other, each when it has heard of the one before.
final class MapWriter: MapCaller {
    private let maker: EditMaker
    private var edit: MapEdit?
    /// After so long a writer who left takes it for over, in nanoseconds.
    private let patience: UInt64
    /// Told of each edit that was answered, whatever the answer.
    var heard: (MapEdit) -> Void = { _ in }

    init(
        _ number: Int, _ site: MapSite, _ fabric: Fabric, loops: Int, edits: Int,
        _ maker: EditMaker, patience: UInt64
    ) {
        (self.maker, self.patience) = (maker, patience)
        super.init(
            "writer", number, site, fabric, loops: loops, requests: edits,
            CallerPace(start: 200_000...3_000_000, thinking: 2_500_000, absence: 2_500_000))
    }

    var state: String {
        edit.map { "\(name) waits for edit \($0.number), \($0.method) \($0.path)" }
            ?? "\(name) waits for nothing, \(left) to write"
    }

    override var pending: String? { edit?.method }

    override func ask() {
        let made = maker.make()
        edit = made
        guard site.sabotage == .redressesUnasked, made.isRedress else { return send(made) }
        site.commit(made)
        let here = link
        world.after(2_500_000_000) { [self] in
            if here === link, edit === made { send(made) }
        }
    }

    private func send(_ made: MapEdit) {
        made.sentAt = world.now
        world.note("\(name): edit \(made.number), \(made.method) \(made.path)", number)
        link?.peerSend(Self.message(made, world.dice))
        leaveAtTimes(made)
    }

    private static func message(_ edit: MapEdit, _ dice: Dice) -> [UInt8] {
        let body = Array(edit.body.utf8)
        let isChunked = dice.chance(30)
        let head =
            "\(edit.method) \(edit.path) HTTP/1.1\r\nHost: maps.test\r\n"
            + "Content-Type: \(edit.type)\r\nAuthorization: Basic YTpi\r\n"
            + "X-Write: \(edit.number)\r\n"
            + (isChunked
                ? "Transfer-Encoding: chunked\r\n" : "Content-Length: \(body.count)\r\n") + "\r\n"
        guard isChunked else { return Array(head.utf8) + body }
        let cut = body.isEmpty ? 0 : dice.below(body.count)
        var bytes = Array(head.utf8)
        for piece in [body[..<cut], body[cut...]] where !piece.isEmpty {
            bytes += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
        }
        return bytes + Array("0\r\n\r\n".utf8)
    }

    /// Some writers do not wait; what they asked for may be done all the same.
    private func leaveAtTimes(_ made: MapEdit) {
        guard site.hasFaults, !site.habits.isCalm, world.dice.chance(6) else { return }
        let here = link
        world.after(world.dice.delay(1_000...900_000)) { [self] in
            guard here === link, edit === made else { return }
            world.note("\(name) leaves edit \(made.number)", 28)
            if world.dice.chance(50) { link?.peerReset() } else { link?.peerClose() }
            made.outcome = .unknown
            (made.isLeft, made.answeredAt) = (true, world.now + patience)
            edit = nil
            drop()
        }
    }

    override func took(_ message: MessageReader.Message) {
        world.note("\(name) has \(message.head.status)", 3)
        hear()
    }

    /// What the answer would have said is lost.
    override func lost() {
        edit?.outcome = .unknown
        hear()
    }

    /// Somebody knows now, or never will.
    private func hear() {
        guard let made = edit else { return }
        edit = nil
        made.answeredAt = world.now
        if made.outcome == .open { made.outcome = .unknown }
        heard(made)
    }
}
