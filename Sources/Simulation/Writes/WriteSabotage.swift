/// An invariant of writes broken on purpose, to see that it is noticed.
public enum WriteSabotage: String, BrokenRule {
    /// A transaction does one more thing than its body says.
    case hidesFeature
    /// Servers do a write and say that they refused it.
    case deniesWrites
    /// The edge believes that what is never answered was done at once, or not at all.
    case forgetsRepeats
    /// The edge does not know which layers a group has.
    case forgetsGroups
    /// The edge takes pictures to show nothing from beyond their edges.
    case seesNoSymbols
    /// Writes go by a path that the edge does not know for one.
    case writesAside
    /// A server draws what it had before the latest write.
    case drawsOld
    /// Every write, refused ones as well, empties the store.
    case purgesAll
    /// Only refused ones do.
    case purgesOnRefusal
    /// A server draws a neighbour in place of what was asked for.
    case mixesPlaces
    /// Each loop has blocks of tiles drawn for itself.
    case drawsTwice
    /// A server shows everybody what only some may see.
    case forgetsWhoAsks

    /// A server keeps what only some may see from them, too.
    case ignoresCredentials

    /// Servers with one catalog say that they have read it anew, and have not.
    case liesOfLoads
    /// What is written past the edge shows nowhere.
    case passesUnseen
    /// Every write of the catalog empties the store.
    case emptiesAll

    /// The catalogue tells which style was a layer's default one at first.
    case tellsOldStyles
    /// It is never read.
    case tellsNoStyles
    /// A layer has another default style before the edge is asked for that.
    case redressesUnasked

    /// It is about default styles, and edits are of them.
    var isOfCatalogue: Bool {
        self == .tellsOldStyles || self == .tellsNoStyles || self == .redressesUnasked
    }

    /// It is about servers with one catalog.
    var isOfCluster: Bool {
        switch self {
        case .liesOfLoads, .passesUnseen, .emptiesAll: true
        default: false
        }
    }

    /// What is said of it, among other things.
    public var sign: String? {
        switch self {
        case .hidesFeature, .deniesWrites, .forgetsRepeats, .forgetsGroups, .seesNoSymbols,
            .writesAside, .drawsOld, .liesOfLoads, .passesUnseen, .tellsOldStyles,
            .redressesUnasked:
            "was touched by"
        case .purgesAll, .emptiesAll, .tellsNoStyles: "entries were left"
        case .purgesOnRefusal: "but refused writes"
        case .mixesPlaces: "shows another"
        case .drawsTwice: "at a time"
        case .forgetsWhoAsks: "shows nobody"
        case .ignoresCredentials: "from who may see it"
        }
    }
}
