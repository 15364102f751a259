import Glibc

/// Who listens where: the edge where it was told to, the others on free loopback ports.
struct DemoAddresses {
    struct Address {
        var host: String
        var port: UInt16

        var text: String { "\(host):\(port)" }
    }

    let edge: Address
    let admin: Address
    let tileServers: [UInt16]
    let pages: UInt16

    init(_ options: DemoOptions) throws(DemoError) {
        var taken: Set<UInt16> = []
        edge = try Self.parse(options.listen, flag: "--listen", &taken)
        admin = try Self.parse(options.admin, flag: "--admin", &taken)
        tileServers = [try LoopbackPort.free(&taken), try LoopbackPort.free(&taken)]
        pages = try LoopbackPort.free(&taken)
    }

    /// What stands between @ signs in the recipes.
    var values: [String: String] {
        [
            "LISTEN": edge.text, "ADMIN": admin.text, "EDGE": "http://\(edge.text)",
            "MAPS1": "\(tileServers[0])", "MAPS2": "\(tileServers[1])", "PAGES": "\(pages)",
        ]
    }

    /// Says at once what else would end as a line in the edge's log.
    func refuseTaken() throws(DemoError) {
        for (address, flag) in [(edge, "--listen"), (admin, "--admin")] {
            guard LoopbackPort.answers(address.port) else { continue }
            throw DemoError(
                problem: "something listens on \(address.text) already",
                remedy: "end it, or choose another port with \(flag) 127.0.0.1:PORT")
        }
    }

    private static func parse(
        _ text: String, flag: String, _ taken: inout Set<UInt16>
    ) throws(DemoError) -> Address {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let port = UInt16(text[text.index(after: colon)...])
        else {
            throw DemoError(
                problem: "\(flag) \"\(text)\" is no address",
                remedy: "write HOST:PORT, such as 127.0.0.1:8080")
        }
        let free = port == 0 ? try LoopbackPort.free(&taken) : port
        taken.insert(free)
        return Address(host: String(text[..<colon]), port: free)
    }
}

/// TCP ports of 127.0.0.1.
enum LoopbackPort {
    /// A port that nobody listens on and that is not in `taken`, where it is then entered.
    ///
    /// The kernel chooses. Somebody may still take it before its user does; that user's failure
    /// to start then says so.
    static func free(_ taken: inout Set<UInt16>) throws(DemoError) -> UInt16 {
        for _ in 0..<100 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = loopback(port: 0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let done = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
            let port = UInt16(bigEndian: address.sin_port)
            if done, taken.insert(port).inserted { return port }
        }
        throw DemoError(
            problem: "no free loopback port was found",
            remedy: "end some of the programs that listen on 127.0.0.1")
    }

    /// Whether somebody accepts connections there.
    static func answers(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port: port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
