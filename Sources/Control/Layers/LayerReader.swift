import Edge
import Tiles

/// Asks a member of an origin for the capabilities of its map services. Blocking; bounded by the
/// reader's limits.
struct LayerReader {
    /// What was found, or why nothing was.
    enum Outcome {
        case listings([MapServices.Listing])
        case failed(String)
    }

    static func read(
        _ source: LayerSource, _ targets: [MemberTarget]
    ) -> Outcome {
        var failure = "no member is fit to say"
        for target in targets {
            do throws(MemberClient.Failure) {
                var listings: [MapServices.Listing] = []
                // One document after the other of one member: those of two may differ.
                for path in source.settings.services {
                    let layers = try layers(target, path, source.configured.systems)
                    listings.append(MapServices.Listing(path: path, layers: layers))
                }
                return .listings(listings)
            } catch {
                failure = "\(target.member.name): \(error.text)"
            }
        }
        return .failed(failure)
    }

    private static func layers(
        _ target: MemberTarget, _ path: String, _ systems: Set<ReferenceSystem>
    ) throws(MemberClient.Failure) -> [ServiceLayer] {
        var reader = ServiceLayersReader(systems: systems)
        var mistake: CapabilitiesError?
        let question = path + "?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities"
        try MemberClient.ask(target, "GET", question) { piece in
            guard mistake == nil else { return }
            do throws(CapabilitiesError) { try reader.take(piece) } catch { mistake = error }
        }
        if let mistake { throw MemberClient.Failure("\(path): \(mistake)") }
        let layers: [ServiceLayer]
        do throws(CapabilitiesError) {
            layers = try reader.finish()
        } catch {
            throw MemberClient.Failure("\(path): \(error)")
        }
        // Who has just started says so before it has read its catalog.
        if layers.isEmpty { throw MemberClient.Failure("\(path): it lists no layer yet") }
        return layers
    }
}
