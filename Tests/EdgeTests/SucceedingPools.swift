@testable import Edge

/// What tests of pools in each other's place begin with.
protocol SucceedingPools {}

extension SucceedingPools {
    /// An origin whose members have these names, and no addresses.
    func settings(
        _ names: [String], _ change: (inout OriginSettings) -> Void = { _ in }
    ) -> OriginSettings {
        var settings = OriginSettings()
        settings.members = names.map { MemberSettings(name: $0, endpoints: [], authority: $0) }
        change(&settings)
        return settings
    }

    func fetch(_ number: UInt64) -> QueuedFetch { QueuedFetch(loop: 0, fetch: number) }
}
