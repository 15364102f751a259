import Caching
import Testing

@Suite("SipHash-128")
struct CacheKeyTests {
    private let seed: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    // Reference: OpenSSL's SIPHASH with 16 bytes of output, 1 and 3 rounds, key 00…0f, over the
    // bytes 0, 1, 2, …
    @Test(
        "SipHash-1-3-128 agrees with OpenSSL",
        arguments: [
            (0, 0xbea5_8827_b2bc_7ee7, 0x0130_30dd_6adb_62fd),
            (1, 0xa8ed_d360_0437_6ffc, 0x63f0_2f2b_cc73_055e),
            (7, 0xc3e0_aaf2_23b9_8410, 0x77ab_4808_c82e_2fa6),
            (8, 0xb4da_e3d5_e1fe_12aa, 0x99c7_f935_ab16_4f72),
            (15, 0x6c52_bdb2_0555_7ec1, 0x0901_7e1e_eccd_2129),
            (63, 0x6f42_fe4e_e300_584c, 0xad60_52a7_0a6b_9f07),
        ] as [(Int, UInt64, UInt64)])
    func knownAnswers(_ length: Int, _ high: UInt64, _ low: UInt64) {
        let bytes = (0..<length).map { UInt8($0) }
        #expect(CacheKey.hash(bytes.span.bytes, seed: seed) == CacheKey(high: high, low: low))
    }

    @Test("another seed gives another key")
    func seeded() {
        let bytes: [UInt8] = Array("GET example.org /a".utf8)
        let other = CacheKey.hash(bytes.span.bytes, seed: (seed.0 ^ 1, seed.1))
        #expect(CacheKey.hash(bytes.span.bytes, seed: seed) != other)
    }

    @Test("every flipped bit changes both halves of the key")
    func diffuses() {
        var bytes = [UInt8](repeating: 0x61, count: 45)
        let whole = CacheKey.hash(bytes.span.bytes, seed: seed)
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            let key = CacheKey.hash(bytes.span.bytes, seed: seed)
            #expect(key.high != whole.high && key.low != whole.low)
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }

    @Test("digests differ by seed and by content, and agree with themselves")
    func digests() {
        let bytes = [UInt8](repeating: 7, count: 2_000)
        let digest = KeyDigest(bytes.span.bytes, seed: seed)
        #expect(digest == KeyDigest(bytes.span.bytes, seed: seed))
        #expect(digest != KeyDigest(bytes.span.bytes, seed: (1, 2)))
        #expect(digest != KeyDigest((bytes + [7]).span.bytes, seed: seed))
    }
}

@Suite("CRC-32C")
struct ChecksumTests {
    @Test(
        "CRC-32C agrees with RFC 3720 §B.4",
        arguments: [
            (Array("123456789".utf8), 0xe306_9283),
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 255, count: 32), 0x62a8_ab43),
            ((0..<32).map { UInt8($0) }, 0x46dd_794e),
        ] as [([UInt8], UInt32)])
    func knownAnswers(_ bytes: [UInt8], _ wanted: UInt32) {
        #expect(Checksum.of(bytes.span.bytes) == wanted)
    }

    @Test("a checksum in pieces is that of the whole", arguments: 0...48)
    func pieces(_ split: Int) {
        let bytes = (0..<48).map { UInt8($0 &* 37 & 255) }
        var checksum = Checksum()
        checksum.update(bytes.span.bytes.extracting(0..<split))
        checksum.update(bytes.span.bytes.extracting(split..<48))
        #expect(checksum.value == Checksum.of(bytes.span.bytes))
    }
}
