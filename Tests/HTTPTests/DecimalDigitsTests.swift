import HTTP
import Testing

struct DecimalDigitsTests {
    @Test func `a number is written as Swift prints it`() {
        var numbers: [UInt64] = [0, .max]
        var power: UInt64 = 1
        for _ in 0..<20 {
            numbers += [power - 1, power, power + 1, power &* 9, power &* 7 &+ 3]
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        for number in numbers {
            let digits = DecimalDigits(number)
            #expect(text(digits.count, digits.write) == "\(number)")
            #expect(digits.count == "\(number)".count)
        }
    }

    @Test(arguments: [(0, 6, "000000"), (42, 6, "000042"), (999_999, 6, "999999"), (7, 1, "7")])
    func `places are filled with zeros`(number: UInt64, places: Int, expected: String) {
        #expect(text(places) { DecimalDigits.write(number, count: places, to: $0) } == expected)
    }

    private func text(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) -> String {
        var bytes = [UInt8](repeating: 0x2a, count: 32)
        bytes.withUnsafeMutableBytes { $0.baseAddress.map(write) }
        #expect(bytes[count...].allSatisfy { $0 == 0x2a }, "nothing is written behind it")
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
