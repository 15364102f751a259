/// Which of the CloudFront- fields that cost something a behavior asks for.
///
/// The others, those of the device and the protocol, are made for whoever asks for any.
public struct GeneratedNeeds: OptionSet, Sendable {
    public let rawValue: UInt8

    /// What ``ViewerPlace`` tells.
    public static let place = GeneratedNeeds(rawValue: 1)
    public static let tls = GeneratedNeeds(rawValue: 2)
    public static let headerOrder = GeneratedNeeds(rawValue: 4)
    public static let headerCount = GeneratedNeeds(rawValue: 8)

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What a list of names asks for, a key's.
    public init(_ names: NameList) {
        self.init { names.contains($0) }
    }

    /// What the origin gets, the key's fields among it.
    public init(_ forwarding: Forwarding) {
        if case .allExcept = forwarding.base {
            self.init { forwarding.addsCloudFrontHeader($0) }
        } else {
            self.init(forwarding.headers)
        }
    }

    private init(_ isNamed: (RawSpan) -> Bool) {
        func asks(_ name: StaticString) -> Bool {
            let text = unsafe UnsafeRawBufferPointer(
                start: name.utf8Start, count: name.utf8CodeUnitCount)
            return isNamed(unsafe text.bytes)
        }
        self = []
        if ViewerPlace.Field.allCases.contains(where: { asks($0.header) }) { insert(.place) }
        if asks(GeneratedFields.tls) { insert(.tls) }
        if asks(GeneratedFields.headerOrder) { insert(.headerOrder) }
        if asks(GeneratedFields.headerCount) { insert(.headerCount) }
    }
}
