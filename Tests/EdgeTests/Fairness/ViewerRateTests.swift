import Caching
import Reactor
import Testing

@testable import Edge

@Suite("Viewers' rates: one table of a fixed size")
struct ViewerRateTests {
    private let tiles = RateLimit(requests: 10, per: 1_000, burst: 3)

    private func address(_ text: String) throws -> SocketAddress {
        try #require(SocketAddress(ip: text))
    }

    @Test("a burst, then one for each interval; each viewer and class for itself")
    func rates() throws {
        let table = ViewerRateTable(parties: 1_024, seed: 1)
        let (one, two) = (try address("192.0.2.1"), try address("192.0.2.2"))
        for _ in 0..<3 { #expect(table.take(one, .tiles, tiles, at: 0) == 0) }
        #expect(table.take(one, .tiles, tiles, at: 0) == 100)
        #expect(table.take(one, .pages, tiles, at: 0) == 0)
        #expect(table.take(two, .tiles, tiles, at: 0) == 0)
        #expect(table.take(one, .tiles, tiles, at: 100) == 0)
        #expect(table.take(one.with(port: 4_711), .tiles, tiles, at: 100) > 0, "of any port")
    }

    @Test(
        "IPv6 counts by the 64 bits that one household has",
        arguments: [
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false), ("192.0.2.1", "192.0.3.1", false),
        ])
    func prefixes(left: String, right: String, isSame: Bool) throws {
        let (left, right) = (try address(left), try address(right))
        #expect((ViewerKey.of(left, seed: 7) == ViewerKey.of(right, seed: 7)) == isSame)
        #expect(ViewerKey.of(left, seed: 7) != ViewerKey.of(left, seed: 8))
        let key = ViewerKey.of(left, seed: 7)
        #expect(ViewerKey.of(key, session: 1) != ViewerKey.of(key, session: 2))
    }

    @Test("a flood of addresses takes no more memory, and forgets those that are nearest to full")
    func flood() throws {
        let table = ViewerRateTable(parties: 64, seed: 3)
        #expect(table.count == 64)
        let busy = try address("192.0.2.1")
        for _ in 0..<3 { _ = table.take(busy, .tiles, tiles, at: 0) }
        for number in 0..<10_000 {
            let other = SocketAddress(ipv4: 0x0A00_0000 | UInt32(number), port: 0)
            _ = table.take(other, .tiles, tiles, at: 0)
        }
        #expect(table.take(busy, .tiles, tiles, at: 0) > 0, "whoever is at its limit stays there")
        #expect(ViewerRateTable(parties: 0, seed: 3).count == 8)
        #expect(ViewerRateTable(parties: 9, seed: 3).count == 16)
    }

    @Test("whoever is exempt is never limited, and a class without a rate neither")
    func exempt() throws {
        var settings = ViewerRateSettings()
        #expect(!settings.isOn)
        settings.limits[.tiles] = RateLimit(requests: 1, per: 1_000, burst: 1)
        settings.exempt = [try #require(AddressBlock("10.0.0.0/8"))]
        #expect(settings.isOn)
        let rates = ViewerRates(settings, seed: 1, previous: nil)
        let (inside, outside) = (try address("10.1.2.3"), try address("192.0.2.1"))
        for _ in 0..<5 {
            #expect(rates.wait(inside, .tiles, at: 0) == 0)
            #expect(rates.wait(outside, .pages, at: 0) == 0)
        }
        #expect(rates.wait(outside, .tiles, at: 0) == 0)
        #expect(rates.wait(outside, .tiles, at: 0) == 1_000)
        // A reload keeps what they have left, while the size stays.
        let next = ViewerRates(settings, seed: 2, previous: rates.table)
        #expect(next.wait(outside, .tiles, at: 0) == 1_000)
        settings.parties = 8
        let other = ViewerRates(settings, seed: 2, previous: rates.table)
        #expect(other.wait(outside, .tiles, at: 0) == 0)
    }
}
