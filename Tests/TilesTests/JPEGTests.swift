import Testing
import Tiles

@Suite("JPEG: pictures of one colour")
struct JPEGTests {
    static let colors = [
        RGBA(red: 0, green: 0, blue: 0), .white, RGBA(red: 128, green: 128, blue: 128),
        RGBA(red: 1, green: 1, blue: 1), RGBA(red: 255, green: 0, blue: 0),
        RGBA(red: 0, green: 255, blue: 0), RGBA(red: 0, green: 0, blue: 255),
        RGBA(red: 255, green: 255, blue: 0), RGBA(red: 0, green: 255, blue: 255),
        RGBA(red: 255, green: 0, blue: 255), RGBA(red: 170, green: 211, blue: 223),
        RGBA(red: 12, green: 200, blue: 77),
    ]

    @Test("every block decodes to the colour", arguments: colors)
    func decodes(_ color: RGBA) throws {
        for (width, height) in [(1, 1), (8, 8), (9, 17), (256, 256), (300, 200)] {
            let bytes = BlankTile.jpeg(width: width, height: height, color: color)
            let decoded = try #require(MeanDecoder(bytes))
            #expect((decoded.width, decoded.height) == (width, height))
            let isGrey = color.red == color.green && color.green == color.blue
            #expect(decoded.components == (isGrey ? 1 : 3))
            let side = isGrey ? 8 : 16
            let units = (width + side - 1) / side * ((height + side - 1) / side)
            #expect(decoded.units == units)
            #expect(decoded.means.count == 1)
            let shown = try #require(decoded.means.first).map { Double($0) }
            let rgb =
                isGrey
                ? [shown[0], shown[0], shown[0]]
                : [
                    shown[0] + 1.402 * (shown[2] - 128),
                    shown[0] - 0.344136 * (shown[1] - 128) - 0.714136 * (shown[2] - 128),
                    shown[0] + 1.772 * (shown[1] - 128),
                ]
            let asked = [color.red, color.green, color.blue]
            for (shown, asked) in zip(rgb, asked) {
                #expect(abs(shown - Double(asked)) <= (isGrey ? 0 : 2))
            }
        }
    }

    @Test("the largest picture stays under 100 KB")
    func small() {
        let color = RGBA(red: 10, green: 20, blue: 30)
        #expect(BlankTile.jpeg(width: 4096, height: 4096, color: color).count < 100_000)
    }
}

/// Decodes the DC coefficients of a baseline JPEG, from its own tables; nil for any other.
private struct MeanDecoder {
    var width = 0
    var height = 0
    var components = 0
    var units = 0
    /// The mean of each component in each unit, all that occur.
    var means: Set<[Int]> = []

    private var step = 0
    private var blocks: [Int] = []
    /// Codes by (length, code), of the tables for DC and AC.
    private var tables: [[SIMD2<Int>: UInt8]] = [[:], [:]]

    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: [0xFF, 0xD8]), bytes.suffix(2) == [0xFF, 0xD9] else { return nil }
        var at = 2
        while bytes[at] == 0xFF {
            let marker = bytes[at + 1]
            let count = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            let content = Array(bytes[(at + 4)..<(at + 2 + count)])
            at += 2 + count
            switch marker {
            case 0xE0: break
            case 0xDB: step = Int(content[1])
            case 0xC0: readFrame(content)
            case 0xC4: readTable(content)
            case 0xDA:
                guard readScan(Array(bytes[at..<(bytes.count - 2)])) else { return nil }
                return
            default: return nil
            }
        }
        return nil
    }

    private mutating func readFrame(_ content: [UInt8]) {
        height = Int(content[1]) << 8 | Int(content[2])
        width = Int(content[3]) << 8 | Int(content[4])
        components = Int(content[5])
        blocks = (0..<components).map {
            let sampling = Int(content[7 + $0 * 3])
            return (sampling >> 4) * (sampling & 15)
        }
    }

    private mutating func readTable(_ content: [UInt8]) {
        var (code, at) = (0, 17)
        for length in 1...16 {
            for _ in 0..<content[length] {
                tables[Int(content[0] >> 4)][[length, code]] = content[at]
                code += 1
                at += 1
            }
            code <<= 1
        }
    }

    private mutating func readScan(_ data: [UInt8]) -> Bool {
        var bits: [UInt8] = []
        for (index, byte) in data.enumerated() {
            if index > 0, data[index - 1] == 0xFF {
                guard byte == 0 else { return false }
                continue
            }
            for bit in (0..<8).reversed() { bits.append(byte >> UInt8(bit) & 1) }
        }
        var at = 0
        func symbol(_ table: [SIMD2<Int>: UInt8]) -> UInt8? {
            var code = 0
            for length in 1...16 where at < bits.count {
                code = code << 1 | Int(bits[at])
                at += 1
                if let symbol = table[[length, code]] { return symbol }
            }
            return nil
        }
        let side = components == 1 ? 8 : 16
        let count = (width + side - 1) / side * ((height + side - 1) / side)
        var last = [Int](repeating: 0, count: components)
        for _ in 0..<count {
            for component in 0..<components {
                for _ in 0..<blocks[component] {
                    guard let category = symbol(tables[0]).map({ Int($0) }) else { return false }
                    guard at + category <= bits.count else { return false }
                    let raw = bits[at..<(at + category)].reduce(0) { $0 << 1 | Int($1) }
                    at += category
                    if category > 0 {
                        last[component] +=
                            raw >> (category - 1) == 1 ? raw : raw - (1 << category) + 1
                    }
                    guard symbol(tables[1]) == 0 else { return false }
                }
            }
            units += 1
            means.insert(last.map { $0 * step / 8 + 128 })
        }
        // What is left fills the byte with ones.
        return bits.count - at < 8 && bits[at...].allSatisfy { $0 == 1 }
    }
}
