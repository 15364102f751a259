/// How the edge seeds by itself, when GeoWebCache's interface at the admin port asks for it.
public struct SeedingSettings: Sendable, Equatable {
    /// The Host that viewers ask with, which may be part of keys; nil: nobody said.
    public var host: String?
    /// Tiles per second for each healthy member; nil: as fast as they come.
    public var rate: Double?
    /// Requests under way for each healthy member, at the most.
    public var concurrency = 1

    public init() {}
}

extension ConfigurationReader {
    /// The keys of `seeding`.
    mutating func readSeeding(_ section: Section) {
        var section = section
        configuration.seeding.host = section.given("host")?.read(.hostField, findings)
        configuration.seeding.rate = section.given("rate")?.read(.rate, findings)
        section.read("concurrency", &configuration.seeding.concurrency, .count(1...64))
        section.finish()
    }
}

extension ValueForm where Value == String {
    /// What a Host field says.
    static var hostField: Self {
        Self { text throws(Complaint) in
            guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 0x2F }) else {
                throw Complaint("is no Host", "write a name, such as maps.example.org")
            }
            return text
        }
    }
}
