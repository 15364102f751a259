/// Units of time in milliseconds, the longest last.
let durationUnits: KeyValuePairs<String, UInt64> = [
    "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
]

/// Units of size in bytes: IEC by powers of two, SI by powers of ten.
let byteUnits: KeyValuePairs<String, UInt64> = [
    "B": 1, "kB": 1_000, "KB": 1_000, "KiB": 1 << 10, "MB": 1_000_000, "MiB": 1 << 20,
    "GB": 1_000_000_000, "GiB": 1 << 30, "TB": 1_000_000_000_000, "TiB": 1 << 40,
]

/// The value of digits followed by a unit, or nil when it is none or does not fit.
///
/// - Parameter plain: the unit of a number without one.
func scaled<Value: FixedWidthInteger>(
    _ text: String, by units: KeyValuePairs<String, UInt64>, plain: UInt64
) -> Value? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = UInt64(digits) else { return nil }
    let unit = text[digits.endIndex...].drop { $0 == " " }
    let found = unit.isEmpty ? plain : units.first { $0.key == unit }?.value
    guard let found else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: found)
    return overflow ? nil : Value(exactly: product)
}

/// Milliseconds: a number with a unit, or plain in seconds; or several with units, the larger ones
/// first, as in `1m30s`. Nil when it is none or does not fit.
func duration<Value: FixedWidthInteger>(_ text: String) -> Value? {
    if let value: Value = scaled(text, by: durationUnits, plain: 1_000) { return value }
    var sum: UInt64 = 0
    var former = UInt64.max
    var rest = text[...]
    repeat {
        let part = rest.prefix { $0.isNumber }
        let name = rest[part.endIndex...].prefix { $0.isLetter }
        rest = rest[name.endIndex...]
        guard let unit = durationUnits.first(where: { $0.key == name })?.value, unit < former,
            let value: UInt64 = scaled(String(part + name), by: durationUnits, plain: 1_000)
        else { return nil }
        let (total, overflow) = sum.addingReportingOverflow(value)
        guard !overflow else { return nil }
        (sum, former) = (total, unit)
    } while !rest.isEmpty
    return Value(exactly: sum)
}

/// A time in the largest unit that divides it: 90,000 is `90s`, 3,600,000 is `1h`.
func durationText(_ milliseconds: Int64) -> String {
    inLargestUnit(UInt64(max(0, milliseconds)), ["d", "h", "m", "s"], durationUnits, least: "ms")
}

/// A size in the largest binary unit that divides it: 1,536 is `1536B`, 2,048 is `2KiB`.
func bytesText(_ bytes: UInt64) -> String {
    inLargestUnit(bytes, ["TiB", "GiB", "MiB", "KiB"], byteUnits, least: "B")
}

private func inLargestUnit(
    _ value: UInt64, _ names: [String], _ units: KeyValuePairs<String, UInt64>, least: String
) -> String {
    if value == 0 { return least == "ms" ? "0s" : "0\(least)" }
    for name in names {
        guard let unit = units.first(where: { $0.key == name })?.value else { continue }
        if value.isMultiple(of: unit) { return "\(value / unit)\(name)" }
    }
    return "\(value)\(least)"
}
