public import Reactor

/// Turns host names into addresses. Slow: it asks the system's resolver and waits.
public protocol NameResolver: Sendable {
    /// All addresses of the host, in the order of preference, each with the port given.
    ///
    /// - Parameter host: a name or a numeric address without brackets.
    func addresses(of host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress]
}

/// The system's resolver (`/etc/hosts`, DNS, whatever nsswitch.conf names).
public struct SystemNameResolver: NameResolver {
    public init() {}

    /// Numeric addresses take no look-up.
    public func addresses(
        of host: String, port: UInt16
    ) throws(ResolutionError) -> [SocketAddress] {
        if let numeric = SocketAddress(ip: host) { return [numeric.with(port: port)] }
        return try resolve(host, port: port)
    }
}

extension NameResolver {
    /// All addresses of a host; none after the mistake was noted.
    ///
    /// - Parameter mayComeLater: a resolver that has not answered yet is worth a warning only.
    func endpoints(
        _ host: String, _ port: UInt16, _ given: Given, _ findings: Findings,
        mayComeLater: Bool = false
    ) -> [Endpoint] {
        do throws(ResolutionError) {
            return try addresses(of: host, port: port).map(Endpoint.ip)
        } catch {
            guard !error.isPending || !mayComeLater else {
                findings.warning(
                    at: given.place,
                    "\(given.name) names \"\(host)\", whose address is not known: "
                        + error.reason,
                    "look at the machine's resolver; the member is asked when there is an address")
                return []
            }
            findings.error(
                at: given.place,
                "\(given.name) names \"\(host)\", which has no address: \(error.reason)",
                "correct the name, add it to /etc/hosts, or give the address itself")
            return []
        }
    }
}
