/// A viewer that asks once and keeps what it is answered.
final class ScenarioViewer: Peer {
    private let request: ViewerRequest
    private var reader = MessageReader()
    private var link: Link?
    /// The answer, or as much of it as came.
    private(set) var answer: MessageReader.Message?
    private(set) var isDone = false
    /// Milliseconds from the request to the end of the answer.
    private(set) var time = 0
    private let world: World
    private let start: UInt64
    private(set) var isWhole = false

    init(_ request: ViewerRequest, _ fabric: Fabric) {
        self.request = request
        world = fabric.world
        start = world.now
        let link = fabric.dial(0, .scripted, self, listener: request.isSecured ? 1 : 0)
        link.address = request.address
        self.link = link
        link.peerSend(bytes(fabric.world))
        guard let time = request.leavesAfter else { return }
        fabric.world.after(UInt64(time) * 1_000_000) { [self] in
            guard !isDone else { return }
            answer = reader.part
            link.peerReset()
            isDone = true
        }
    }

    private func bytes(_ world: World) -> [UInt8] {
        var text = "\(request.method) \(request.target) HTTP/1.1\r\nHost: \(request.host)\r\n"
        for (name, value) in request.fields {
            text += "\(name): \(value.filled(now: world.clock.wall))\r\n"
        }
        if let body = request.body { text += "Content-Length: \(body.utf8.count)\r\n" }
        return Array("\(text)\r\n\(request.body ?? "")".utf8)
    }

    func opened(_ link: Link) {}

    func received(_ link: Link, _ bytes: [UInt8]) {
        guard !isDone else { return }
        reader.append(bytes)
        while true {
            switch reader.next(answering: request.method) {
            case .needMore: return
            case .malformed:
                end()
                return
            case .whole(let message):
                if message.head.status < 200 { continue }
                finish(message)
                return
            }
        }
    }

    func ended(_ link: Link) {
        if let message = reader.end() { finish(message) } else { end() }
    }

    func broke(_ link: Link) { end() }

    private func finish(_ message: MessageReader.Message) {
        answer = message
        isWhole = true
        end()
    }

    private func end() {
        guard !isDone else { return }
        if !isWhole { answer = reader.part }
        isDone = true
        time = Int((world.now - start) / 1_000_000)
        link?.peerClose()
        link = nil
    }
}
