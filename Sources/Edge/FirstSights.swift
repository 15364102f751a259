import Caching

/// When URLs that ask for something new, and name no time, were first seen.
///
/// A page that redraws its map puts another number into each of its URLs and keeps it: the first
/// time that asks for what there is now, and the times after ask for the same again (OpenLayers 2,
/// `Layer.WMS.redraw`). One per loop, 16 KiB; of two that share a place the later stays, which
/// costs the other a fetch.
struct FirstSights {
    static let places = 1_024

    private struct Sight {
        var name: UInt64 = 0
        var moment = Milliseconds.min
    }

    private var sights = [Sight](repeating: Sight(), count: places)

    /// - Parameter name: a keyed hash of the URL.
    /// - Returns: nil if it is not known.
    func moment(of name: UInt64) -> Milliseconds? {
        let sight = sights[Self.place(of: name)]
        return sight.name == name && sight.moment > .min ? sight.moment : nil
    }

    /// Keeps when it was first seen.
    mutating func note(_ name: UInt64, at now: Milliseconds) {
        // A clock that was set back makes it a new one.
        if let first = moment(of: name), first <= now { return }
        sights[Self.place(of: name)] = Sight(name: name, moment: now)
    }

    private static func place(of name: UInt64) -> Int { Int(name >> 8) % places }
}
