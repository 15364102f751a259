import HTTP

/// What kind of device a viewer has, guessed from User-Agent; several may be true.
///
/// Source: CloudFront, "Headers for determining the viewer's device type". Which words of the
/// field it goes by is not documented: these are the ones that browsers themselves go by.
public struct DeviceClass: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let android = DeviceClass(rawValue: 1)
    public static let desktop = DeviceClass(rawValue: 2)
    public static let iOS = DeviceClass(rawValue: 4)
    public static let mobile = DeviceClass(rawValue: 8)
    public static let smartTV = DeviceClass(rawValue: 16)
    public static let tablet = DeviceClass(rawValue: 32)

    /// Linear in the field's length; allocates nothing.
    init(userAgent: RawSpan) {
        func has(_ word: StaticString) -> Bool { userAgent.containsIgnoringCase(word) }
        self = []
        if has("android") { insert(.android) }
        if has("iphone") || has("ipad") || has("ipod") { insert(.iOS) }
        if has("smart-tv") || has("smarttv") || has("appletv") || has("hbbtv") || has("roku") {
            insert(.smartTV)
            return
        }
        let isPhone = has("mobile") && !has("ipad")
        if has("ipad") || has("tablet") || contains(.android) && !isPhone { insert(.tablet) }
        if isPhone || has("iphone") || has("ipod") { insert(.mobile) }
        if isDisjoint(with: [.mobile, .tablet]) { insert(.desktop) }
    }
}

extension RawSpan {
    /// Whether `word`, given in small letters, occurs anywhere.
    func containsIgnoringCase(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        var at = 0
        while at + length <= byteCount {
            if equalsIgnoringCase(extracting(at..<at + length), word) { return true }
            at += 1
        }
        return false
    }
}
