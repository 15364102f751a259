/// The far end of a connection that the edge opened: takes one request after the other, each when
/// the one before it was answered.
class RequestPeer: Peer {
    private var reader = MessageReader()
    private var isBusy = false
    private var hasEnded = false

    func opened(_ link: Link) {}

    /// A request is here; the next is looked for when `readOn` says so.
    func asked(_ link: Link, _ request: MessageReader.Message) {}

    /// What came is no request.
    func misunderstood(_ link: Link, _ reason: String) {}

    /// The request was answered, and the connection goes on.
    final func readOn(_ link: Link) {
        isBusy = false
        readNext(link)
    }

    final func received(_ link: Link, _ bytes: [UInt8]) {
        reader.append(bytes)
        if !isBusy { readNext(link) }
    }

    final func ended(_ link: Link) {
        hasEnded = true
        if !isBusy { link.peerClose() }
    }

    final func broke(_ link: Link) { isBusy = true }

    private func readNext(_ link: Link) {
        switch reader.next(answering: nil) {
        case .needMore: if hasEnded { link.peerClose() }
        case .malformed(let reason): misunderstood(link, reason)
        case .whole(let request):
            isBusy = true
            asked(link, request)
        }
    }
}
