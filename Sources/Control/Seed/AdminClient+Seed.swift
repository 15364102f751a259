import Caching
import Yams

/// What an edge says it would do with a tile.
struct SeedForecast {
    /// The origin that its pool belongs to.
    var origin: String
    /// All spellings of the tile are one.
    var isCanonical: Bool
    /// The Host is part of the key.
    var keysHost: Bool
    /// Why nothing would be stored; nil: it would be, as far as can be told.
    var obstacle: String?
}

extension AdminClient {
    /// By what the edge knows its seeder; nil: it tells nobody, as one of another version and one
    /// whose admin port other machines reach.
    func seederWord() throws(AdminClientError) -> String? {
        let answer = try exchange("GET", "/seed/word", within: .seconds(10))
        guard answer.status == 200 else { return nil }
        let word = String(decoding: answer.body, as: UTF8.self).filter { $0.isASCII && $0 > " " }
        return word.isEmpty ? nil : word
    }

    /// What would become of a request for a tile. Asks no origin.
    ///
    /// - Parameter seederWord: by which the edge knows its seeder.
    func forecast(
        _ target: SeedTarget, word seederWord: String? = nil
    ) throws(AdminClientError) -> SeedForecast {
        let request = try ExplainRequest(
            target.target,
            fields: ["Host: \(target.host)"]
                + (seederWord.map { [SeedConnection.wordField($0)] } ?? []))
        let text = try explain([request], asJSON: true, usesTLS: false)
        guard let node = try? Yams.compose(yaml: text), let decision = node["decision"],
            let origin = node["behavior"]?["origin"]?.scalar?.string
        else { throw AdminClientError("the edge explains in a way that is not known here") }
        let parts = node["key"]?["parts"]?.sequence ?? []
        func word(_ name: String) -> String? { decision[name]?.scalar?.string }
        var obstacle: String?
        if let action = word("action"), action == "pass" || action == "refuse" {
            obstacle = word("sentence") ?? action
        } else if let refusal = word("storeRefusal"), refusal != "null" {
            obstacle = refusal
        }
        return SeedForecast(
            origin: origin,
            isCanonical: parts.contains { $0["kind"]?.string == "map" },
            keysHost: parts.contains {
                $0["kind"]?.string == "host" && $0["source"]?.string?.hasPrefix("Host,") == true
            },
            obstacle: obstacle)
    }

    /// How many members of an origin's pool viewers' requests go to, and what room the store has;
    /// nil: it does not say.
    func sight(of origin: String) throws(AdminClientError) -> (members: Int, space: SeedSpace?) {
        let text = String(decoding: try statusJSON(), as: UTF8.self)
        guard let node = try? Yams.compose(yaml: text), let origins = node["origins"]?.sequence
        else { throw AdminClientError("the edge's status is not known here") }
        let pool = origins.first { $0["id"]?.scalar?.string == origin }
        let members = (pool?["members"]?.sequence ?? []).count { member in
            ["up", "slow-start"].contains(member["state"]?.scalar?.string)
        }
        func number(_ name: String) -> Int? { node["store"]?[name]?.int }
        guard let used = number("usedBytes"), let size = number("sizeBytes"),
            let evictsFrom = number("evictsFromBytes"), let until = number("evictedUntil")
        else { return (members, nil) }
        return (
            members,
            SeedSpace(
                used: used, size: size, evictsFrom: evictsFrom, evictedUntil: Milliseconds(until))
        )
    }

    /// The time that the edge goes by, in milliseconds since 1970.
    func edgeTime() throws(AdminClientError) -> Milliseconds {
        let text = try showClock()
        guard let time = milliseconds(ofTimestamp: String(text.prefix { $0 != " " })) else {
            throw AdminClientError("the edge says a time that is none: \(printable(text))")
        }
        return time
    }
}
