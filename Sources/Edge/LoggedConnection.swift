import HTTP
import Reactor

/// What a log line says of how the viewer came.
@safe  // its texts are the request's or OpenSSL's own, which its caller holds as long
struct LoggedConnection {
    var viewer = SocketAddress.unspecified
    /// nil behind a proxy, which does not tell it.
    var port: UInt16?
    /// The viewer spoke TLS: `cs-protocol`.
    var isSecured = false
    /// `ssl-protocol`, such as `TLSv1.3`; empty where it is not known.
    private(set) var version = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// `ssl-cipher`; empty where it is not known.
    private(set) var cipher = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    /// The connection is the viewer's own.
    mutating func take(_ names: TLSNames?) {
        guard let names else { return }
        isSecured = true
        unsafe version = unsafe names.version
        unsafe cipher = unsafe names.cipher
    }

    /// The same of a trusted proxy, whose word counts for its viewer's connection. False: it says
    /// nothing of that.
    ///
    /// Whether the viewer spoke TLS is told by X-Forwarded-Proto, else by
    /// CloudFront-Forwarded-Proto; which, by CloudFront-Viewer-TLS alone, as
    /// `VERSION:CIPHER:HANDSHAKE`. The proxy's own connection with us says nothing of either.
    mutating func takeTold(
        _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        var scheme = head.fields.first(.xForwardedProto)
        var names: Int?
        for index in 0..<head.fields.count where head.fields[index].known == .other {
            let name = unsafe bytes.bytes.extracting(head.fields[index].name.range)
            if scheme == nil, equalsIgnoringCase(name, "cloudfront-forwarded-proto") {
                scheme = index
            } else if names == nil, equalsIgnoringCase(name, "cloudfront-viewer-tls") {
                names = index
            }
        }
        guard scheme != nil || names != nil else { return false }
        if let scheme {
            let value = unsafe bytes.bytes.extracting(head.fields[scheme].value.range)
            isSecured = equalsIgnoringCase(value, "https") || equalsIgnoringCase(value, "wss")
        } else {
            isSecured = true
        }
        guard isSecured, let names else { return true }
        let range = head.fields[names].value.range
        let told = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
        let colon = UInt8(ascii: ":")
        let end = unsafe told.firstIndex(of: colon) ?? told.count
        unsafe version = unsafe UnsafeRawBufferPointer(rebasing: told[..<end])
        guard end < told.count else { return true }
        let rest = unsafe told[(end + 1)...]
        let last = unsafe rest.firstIndex(of: colon) ?? told.count
        unsafe cipher = unsafe UnsafeRawBufferPointer(rebasing: rest[..<last])
        return true
    }
}

extension LoopState where N: ~Copyable {
    /// How the viewer of a request came; allocates nothing.
    func loggedConnection(
        _ slot: UInt32, _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> LoggedConnection {
        var connection = LoggedConnection()
        let peer = viewers[slot].address
        connection.viewer = unsafe viewerAddress(slot, head, bytes)
        if connection.viewer == peer { connection.port = peer.port }
        if viewers[slot].isTrusted, unsafe connection.takeTold(head, bytes) { return connection }
        if viewers[slot].speaksTLS { connection.take(network.namesOfTLS(viewers[slot].fd)) }
        return connection
    }
}
