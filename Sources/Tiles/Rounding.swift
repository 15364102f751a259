// Whole numbers near a double, by the processor alone: a pure module calls no mathematics library.

/// The largest whole number that is not above; the number itself where it has no fraction or is no
/// number.
@inline(__always)
func floored(_ value: Double) -> Double {
    guard value.magnitude < 4e15 else { return value }
    let whole = Double(Int(value))
    return whole > value ? whole - 1 : whole
}

/// The smallest whole number that is not below.
@inline(__always)
func ceiled(_ value: Double) -> Double { -floored(-value) }

/// The nearest whole number.
@inline(__always)
func rounded(_ value: Double) -> Double {
    value.magnitude < 4e15 ? floored(value + 0.5) : value
}
