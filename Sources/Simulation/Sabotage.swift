/// An invariant broken on purpose, to see that it is noticed.
public enum Sabotage: String, BrokenRule {
    /// Another resource's body under this one's name.
    case mixesKeys
    /// Half of one version's body and half of the next one's.
    case mixesVersions
    /// A write is acknowledged, and the former version served on.
    case forgetsWrites
    /// A response's number is used again for a fresh copy, whose Age begins anew.
    case rejuvenates
    /// The edge is told to wait for ever, and the origin never answers.
    case neverAnswers
    /// The edge is told to wait longer than viewers are told, and the origin is often silent.
    case waitsLonger
    /// The edge is told not to collapse.
    case fetchesTwice
    /// Invalidations are acknowledged, and the edge hears nothing of them.
    case forgetsOrders
    /// The same for soft ones only.
    case forgetsSoftOrders
    /// The same for those of tags.
    case forgetsTags
    /// Invalidations are acknowledged before they are on disk, and the power is cut.
    case acknowledgesEarly
    /// A distribution's keys lack what the ledger has been told is in them.
    case dropsKeyParts
    /// A distribution's lifetimes are longer than the ledger has been told.
    case keepsTooLong
    /// Or shorter.
    case keepsTooShort
    /// The edge is told that its fetches may hold more than they may.
    case hoardsBodies

    /// What the ledger says of it, among other things; nil: it may say anything.
    public var sign: String? {
        switch self {
        case .mixesKeys, .mixesVersions, .forgetsWrites, .rejuvenates, .neverAnswers: nil
        case .fetchesTwice: "at a time"
        case .waitsLonger: "longer than"
        case .forgetsOrders, .forgetsTags: "asked for after it"
        case .forgetsSoftOrders: "made before the soft"
        case .acknowledgesEarly: "asked for after it"
        case .dropsKeyParts: "asked for by"
        case .keepsTooLong: "after it was made"
        case .keepsTooShort: "is fetched again"
        case .hoardsBodies: "fill budget at"
        }
    }

    /// Whether it needs a distribution; nil: that makes no difference.
    var needsDistribution: Bool? {
        switch self {
        case .dropsKeyParts, .keepsTooLong, .keepsTooShort, .forgetsTags: true
        case .forgetsOrders, .forgetsSoftOrders, .acknowledgesEarly, .fetchesTwice: nil
        default: false
        }
    }

    /// Whether it shows only where nothing fails.
    var needsCalm: Bool {
        self == .forgetsSoftOrders || self == .keepsTooLong || self == .keepsTooShort
    }
}

extension SimulatedDistribution {
    /// What the edge is told, where that is not the truth.
    func told(_ sabotage: Sabotage?) -> SimulatedDistribution {
        var told = self
        for index in behaviors.indices {
            switch sabotage {
            case .dropsKeyParts: told.behaviors[index].query = .none
            case .keepsTooLong:
                told.behaviors[index].most = max(behaviors[index].most, 86_400)
                told.behaviors[index].usual = told.behaviors[index].most
                told.behaviors[index].least = 600
                told.errorTTLs = [403: 600, 404: 600, 500: 600]
            case .keepsTooShort:
                told.behaviors[index].least = 0
                told.behaviors[index].usual = 0
                told.behaviors[index].most = 1
                told.errorTTLs = [403: 0, 404: 0, 500: 0]
            default: break
            }
        }
        return told
    }
}
