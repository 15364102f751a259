/// One thing that the origins have: its address, what they say of it, and its present version.
final class Resource {
    /// As bodies and fields name it.
    let name: String
    let target: String
    /// Only ever answered 200 and fresh for a while, never written to: at most one fetch at a time.
    let isSteady: Bool
    /// A map image, so that an exception may come in its place.
    let isMap: Bool
    /// Its body depends on Accept-Language.
    let varies: Bool
    let hasTag: Bool
    let hasDate: Bool
    let cacheControl: String?
    /// The status with which its origin always refuses it; nil: it does not.
    let failure: Int?
    let sizeMax: Int
    private(set) var version = 1

    /// - Parameters:
    ///   - isLetter: the edge goes by RFC 9111, and keeps variants.
    ///   - isImported: the edge follows a distribution, and has no mind of its own.
    ///   - isHeavy: bodies have millions of bytes.
    init(_ index: Int, _ dice: Dice, isLetter: Bool, isImported: Bool, isHeavy: Bool) {
        name = "k\(index)"
        failure = isImported && dice.chance(25) ? dice.pick([404, 404, 500, 403, 410]) : nil
        isSteady = failure == nil && dice.chance(40)
        isMap = !isSteady && !isImported && dice.chance(20)
        target =
            isMap
            ? "/wms?service=WMS&version=1.1.1&request=GetMap&layers=\(name)&styles="
                + "&srs=EPSG:4326&bbox=0,0,1,1&width=256&height=256&format=image/png" : "/\(name)"
        varies = isLetter && !isSteady && !isMap && dice.chance(25)
        hasTag = dice.chance(70)
        hasDate = dice.chance(40)
        let steady = ["max-age=2", "max-age=60", "s-maxage=600", "public, max-age=5"]
        cacheControl =
            isSteady
            ? dice.pick(steady)
            : dice.chance(15) ? nil : dice.pick(isImported ? Self.plainControls : Self.controls)
        sizeMax = isHeavy ? 8_000_000 : dice.pick([40, 700, 3_000, 3_000, 9_000, 70_000])
    }

    /// The tag that everything has beside its name, and the field that has them.
    static let commonTag = "all"
    static let tagField = "X-Tags"
    /// The line that says so.
    var tagLine: String { "\(Self.tagField): \(name), \(Self.commonTag)\r\n" }

    private static let controls = [
        "max-age=1", "max-age=60", "s-maxage=30, max-age=0", "max-age=0", "no-cache", "no-store",
        "private, max-age=60", "max-age=3, stale-while-revalidate=60", "must-revalidate, max-age=2",
        "max-age=2, stale-if-error=600", "max-age=2, proxy-revalidate", "max-age=\"5\"",
        "no-cache=\"set-cookie\", max-age=30", "max-age=99999999999999999999", "immutable",
    ]

    /// What any reader understands in the same way.
    private static let plainControls = [
        "max-age=1", "max-age=30", "s-maxage=30, max-age=0", "max-age=0", "no-cache", "no-store",
        "private, max-age=60", "max-age=3, stale-while-revalidate=5", "must-revalidate, max-age=2",
        "immutable",
    ]

    /// The content changes.
    func change() -> Int {
        version += 1
        return version
    }

    func tag(_ variant: String, _ version: Int) -> String { "\"\(name).\(variant).\(version)\"" }

    /// The version that a tag of ours names.
    static func version(ofTag tag: String) -> Int? {
        tag.split { $0 == "." || $0 == "\"" }.last.flatMap { Int($0) }
    }

    /// What this version is to this variant: says what it is in front, and then again to its end.
    func body(_ variant: String, _ version: Int) -> [UInt8] {
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        let name = "\(name).\(variant).\(version)"
        for byte in name.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let length = Int(sum >> 20) % (sizeMax + 1)
        var body: [UInt8] = isMap ? [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] : []
        body.reserveCapacity(length + 128)
        body += Array("what=\(name) length=\(length) sum=\(String(sum, radix: 16))\n".utf8)
        let unit = Array(String(repeating: "\(name);", count: 1 + length / 10_000).utf8)
        while body.count < length { body += unit }
        return body
    }
}
