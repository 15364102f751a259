import Glibc

/// A writer: one edit after the other, each when it has heard of the one before.
final class MapWriter: Peer {
    private let number: Int
    private let site: MapSite
    private let fabric: Fabric
    private let loops: Int
    private let maker: EditMaker
    private var link: Link?
    private var reader = MessageReader()
    private var edit: MapEdit?
    private var left: Int
    private(set) var isDone = false
    /// After so long a writer who left takes it for over, in nanoseconds.
    private let patience: UInt64
    /// Told of each edit that was answered, whatever the answer.
    var heard: (MapEdit) -> Void = { _ in }

    init(
        _ number: Int, _ site: MapSite, _ fabric: Fabric, loops: Int, edits: Int,
        _ maker: EditMaker, patience: UInt64
    ) {
        (self.number, self.site, self.fabric, self.loops) = (number, site, fabric, loops)
        (self.maker, self.patience) = (maker, patience)
        left = edits
    }

    private var world: World { site.world }

    var state: String {
        edit.map { "writer \(number) waits for edit \($0.number), \($0.method) \($0.path)" }
            ?? "writer \(number) waits for nothing, \(left) to write"
    }

    func start() { world.after(world.dice.delay(200_000...3_000_000)) { [self] in proceed() } }

    private func proceed() {
        guard edit == nil, !isDone else { return }
        guard left > 0 else {
            isDone = true
            link?.peerClose()
            link = nil
            return
        }
        left -= 1
        if link == nil {
            reader = MessageReader()
            var style = LinkStyle()
            style.segment = 500...1_460
            link = fabric.dial(world.dice.below(loops), style, self)
        }
        let made = maker.make()
        edit = made
        made.sentAt = world.now
        world.note("writer \(number): edit \(made.number), \(made.method) \(made.path)", number)
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
            world.note("writer \(number) leaves edit \(made.number)", 28)
            if world.dice.chance(50) { link?.peerReset() } else { link?.peerClose() }
            made.outcome = .unknown
            (made.isLeft, made.answeredAt) = (true, world.now + patience)
            (link, edit) = (nil, nil)
            goOn()
        }
    }

    func opened(_ link: Link) {}

    func received(_ link: Link, _ bytes: [UInt8]) {
        guard link === self.link else { return }
        reader.append(bytes)
        while let made = edit {
            switch reader.next(answering: made.method) {
            case .needMore: return
            case .malformed(let reason): return site.violate("writer \(number) has \(reason)")
            case .whole(let message):
                if message.head.status < 200 { continue }
                world.note("writer \(number) has \(message.head.status)", 3)
                hear(made, message.head.status)
            }
        }
        goOn()
    }

    /// Somebody knows now, or never will.
    private func hear(_ made: MapEdit, _ status: Int) {
        edit = nil
        made.answeredAt = world.now
        if made.outcome == .open { made.outcome = .unknown }
        heard(made)
    }

    private func goOn() {
        let here = link
        world.after(world.dice.delay(0...2_500_000)) { [self] in
            if here === link { proceed() }
        }
    }

    func ended(_ link: Link) {
        link.peerClose()
        broke(link)
    }

    func broke(_ link: Link) {
        guard link === self.link else { return }
        self.link = nil
        if let made = edit {
            // What the answer would have said is lost.
            made.outcome = .unknown
            hear(made, 0)
        }
        goOn()
    }
}
