import Reactor

/// Names a viewer in eight bytes, for turns and rates.
enum ViewerKey {
    /// Of an address: IPv4 as it is, of IPv6 the 64 bits that one household or host has (RFC 6177),
    /// or whoever has them would be as many viewers as he likes.
    ///
    /// - Parameter seed: a secret, so that nobody can choose whose key his own is.
    static func of(_ address: SocketAddress, seed: UInt64) -> UInt64 {
        address.isIPv4
            ? mix(address.low, seed) : mix(address.high, seed ^ 0x6a09_e667_f3bc_c908)
    }

    /// Of a session of that viewer.
    static func of(_ viewer: UInt64, session: UInt64) -> UInt64 { mix(session, viewer) }

    /// Two rounds of a multiplication whose halves are folded (wyhash's mixer).
    static func mix(_ value: UInt64, _ seed: UInt64) -> UInt64 {
        let first = (value ^ seed ^ 0xa076_1d64_78bd_642f)
            .multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
        let folded = first.high ^ first.low ^ seed
        let second = (folded ^ 0x8ebc_6af0_9c88_c6e3)
            .multipliedFullWidth(by: 0x5899_65cc_7537_4cc3)
        return second.high ^ second.low
    }
}
