import Edge
import Tiles

/// Asks a member of an origin for the tile matrix sets of its WMTS. Blocking; bounded by the
/// reader's limits.
struct GridSetReader {
    /// What was found, or why nothing was.
    enum Outcome {
        case found(PoolGridSets)
        case failed(String)
    }

    static func read(_ source: LayerSource, _ targets: [MemberTarget]) -> Outcome {
        var failure = "no member is fit to say"
        for target in targets {
            do throws(MemberClient.Failure) {
                var all = PoolGridSets()
                for path in source.settings.tileServices {
                    let own = try sets(target, path, source.configured.gridSets)
                    all.sets += own.sets
                    all.refused += own.refused
                }
                return .found(all)
            } catch {
                failure = "\(target.member.name): \(error.text)"
            }
        }
        return .failed(failure)
    }

    private static func sets(
        _ target: MemberTarget, _ path: String, _ known: GridSets
    ) throws(MemberClient.Failure) -> PoolGridSets {
        var reader = PoolGridSetsReader(known: known)
        var mistake: CapabilitiesError?
        let question = path + "?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetCapabilities"
        try MemberClient.ask(target, "GET", question) { piece in
            guard mistake == nil else { return }
            do throws(CapabilitiesError) { try reader.take(piece) } catch { mistake = error }
        }
        if let mistake { throw MemberClient.Failure("\(path): \(mistake)") }
        let found: PoolGridSets
        do throws(CapabilitiesError) {
            found = try reader.finish()
        } catch {
            throw MemberClient.Failure("\(path): \(error)")
        }
        if found.sets.isEmpty, found.refused.isEmpty {
            throw MemberClient.Failure("\(path): it lists no tile matrix set yet")
        }
        return found
    }
}

extension MapServices {
    /// What of a pool's sets counts beside what was configured, and a sentence for each that does
    /// not.
    func judged(_ read: PoolGridSets) -> (counting: [GridSet], new: [String], refused: [String]) {
        var (counting, new): ([GridSet], [String]) = ([], [])
        var refused = read.refused.map { "\"\(printable($0.name))\" \(printable($0.problem))" }
        var known = gridSets
        for set in read.sets {
            switch known.join(set) {
            case .isNew: new.append(set.name)
            case .isKnown: break
            case .differs:
                refused.append(
                    "\"\(printable(set.name))\" is another one than the edge knows by that name")
                continue
            }
            counting.append(set)
        }
        return (counting, new, refused)
    }
}
