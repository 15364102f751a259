import Edge
import Reactor

/// A listener as it was written; its host is looked up when both file and flags are read.
struct ListenerDraft {
    var address: Given
    /// nil: nothing was said for this one.
    var expectsProxyHeader: Bool?
    var speaksTLS = false
    var isSouthbound = false
    /// Of a Unix socket's file; nil: nothing was said.
    var mode: UInt32?
}

extension ValueForm where Value == UInt32 {
    /// What `chmod` takes for who may read and write: three octal digits, a zero before them.
    static var fileMode: Self {
        Self { text throws(Complaint) in
            guard let mode = UInt32(text, radix: 8), mode <= 0o777,
                text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") }), (3...4).contains(text.utf8.count)
            else {
                throw Complaint("is no mode of a file", "write octal digits, such as \"0660\"")
            }
            return mode
        }
    }
}

extension ConfigurationReader {
    /// Turns the addresses to listen on into endpoints.
    mutating func settleListeners() {
        configuration.admin = endpoints(admin)
        for draft in listeners {
            let expects = draft.expectsProxyHeader ?? expectsProxyHeader
            for endpoint in endpoints(draft.address) {
                add(
                    ListenerSettings(
                        endpoint: endpoint, expectsProxyHeader: expects,
                        speaksTLS: draft.speaksTLS, isSouthbound: draft.isSouthbound,
                        mode: draft.mode),
                    draft.address)
                if case .ip = endpoint, draft.mode != nil {
                    findings.error(
                        at: draft.address.place,
                        "\(endpoint) has a mode, and is no file that could have one",
                        "remove it, or listen on unix:/PATH")
                }
            }
        }
        checkProxyHeaders()
        warnOfOpenAdmin()
    }

    private mutating func add(_ listener: ListenerSettings, _ given: Given) {
        let taken = configuration.settings.listeners.map(\.endpoint)
        if clash(listener.endpoint, taken) {
            findings.error(
                at: given.place, "\(listener.endpoint) is listened on twice", "remove one of them")
        } else if clash(listener.endpoint, configuration.admin) {
            findings.error(
                at: given.place, "\(listener.endpoint) is the admin port's address too",
                "choose another port for one of them")
        }
        configuration.settings.listeners.append(listener)
    }

    private func checkProxyHeaders() {
        // Who reaches a Unix socket was let in by the file system.
        let needTrust = configuration.settings.listeners.filter {
            if case .ip = $0.endpoint { $0.expectsProxyHeader } else { false }
        }
        guard !needTrust.isEmpty, configuration.settings.trustedProxies.isEmpty else { return }
        let own = listeners.first { $0.expectsProxyHeader == true }?.address.place
        findings.error(
            at: own ?? findings.place(of: "proxyProtocol"),
            "PROXY headers are expected, but no proxy is trusted to send one",
            "name the proxies in trustedProxies (--trusted-proxy)")
    }

    // Port 0 is a new port each time.
    private func clash(_ endpoint: Endpoint, _ others: [Endpoint]) -> Bool {
        if case .ip(let address) = endpoint, address.port == 0 { return false }
        return others.contains(endpoint)
    }

    private func endpoints(_ given: Given) -> [Endpoint] {
        guard let address = given.read(ListenAddress.form, findings) else { return [] }
        switch address.target {
        case .unix(let path): return [.unix(path: path)]
        case .all(let port):
            return [
                .ip(SocketAddress(ipv4: 0, port: port)),
                .ip(SocketAddress.unspecified.with(port: port)),
            ]
        case .host(let host, let port):
            return resolver.endpoints(host, port, given, findings)
        }
    }

    private func warnOfOpenAdmin() {
        // Where the API is open to strangers that is a mistake, told elsewhere.
        if configuration.api.isEnabled, configuration.api.credentials.isEmpty { return }
        for case .ip(let address) in configuration.admin where !address.isLoopback {
            findings.warning(
                at: admin.place,
                "the admin port on \(address) can be reached from other machines",
                "let a firewall keep strangers out, or choose 127.0.0.1")
        }
    }
}
