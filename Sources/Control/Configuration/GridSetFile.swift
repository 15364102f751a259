import Reactor
import Tiles
import Yams

extension ConfigurationReader {
    /// The grid sets of a directory's files, in the order of their names; those in which mistakes
    /// were noted are missing.
    func readGridSets(_ directory: Given) -> [GridSet] {
        let names: [String]
        do throws(SystemError) { names = try fileNames(in: directory.text) } catch {
            findings.error(
                at: directory.place,
                "\(directory.name) is \"\(printable(directory.text))\", which cannot be read: "
                    + error.reason,
                "name a directory with files such as conf/gridsets has")
            return []
        }
        var sets: [GridSet] = []
        for name in names where isDocument(name, [".yaml", ".yml"]) {
            let path = "\(directory.text)/\(name)"
            do throws(Complaint) {
                let text = try readTextFile(path)
                // Its keys are none of the configuration's, which the shipped file explains.
                let own = Findings()
                let read = GridSetFile(file: path, findings: own).read(text)
                for finding in own.all {
                    findings.error(at: finding.place, finding.problem, finding.remedy)
                }
                guard let set = read else { continue }
                let known = (GridSet.wellKnown + sets).flatMap { [$0.name] + $0.aliases }
                if let twice = ([set.name] + set.aliases).first(where: known.contains) {
                    findings.error(
                        at: .line(file: path, 1),
                        "a grid set is called \"\(printable(twice))\" already",
                        "give it another name; the well-known ones are always there")
                }
                sets.append(set)
            } catch {
                findings.error(
                    at: directory.place, "\(printable(path)) \(error.problem)", error.remedy)
            }
        }
        return sets
    }
}

/// One file with a grid set.
private struct GridSetFile {
    let file: String
    let findings: Findings

    /// nil after mistakes were noted.
    func read(_ text: String) -> GridSet? {
        guard var section = section(text) else { return nil }
        let name = section.given("name")?.read(.text, findings)
        let aliases = (section.list("aliases") ?? []).compactMap { $0.read(.text, findings) }
        let code = section.given("epsg")?.read(.count(1...99_999_999), findings)
        // Nobody may guess it: a box of WMS 1.3.0 would be taken for its mirror image.
        let isNorthingFirst = section.given("northingFirst")?.read(.flag, findings)
        let extent = (section.list("extent") ?? []).compactMap { $0.read(.number, findings) }
        var origin = GridSet.Origin.bottomLeft
        section.read("origin", &origin, .gridOrigin)
        var (width, height) = (256, 256)
        section.read("tileWidth", &width, .count(1...4_096))
        section.read("tileHeight", &height, .count(1...4_096))
        let resolutions = section.list("resolutions")?.compactMap { $0.read(.number, findings) }
        let meters = section.given("metersPerUnit")?.read(.number, findings)
        let names = section.list("levelNames")?.compactMap { $0.read(.text, findings) }
        section.finish()
        if findings.hasErrors { return nil }
        guard let name, let code, let isNorthingFirst, extent.count == 4, let resolutions else {
            findings.error(
                at: .line(file: file, 1), "the grid set lacks a key",
                "give name, epsg, northingFirst, extent (west, south, east, north) and resolutions")
            return nil
        }
        if let names, names.count != resolutions.count {
            findings.error(
                at: findings.place(of: "levelNames"),
                "there are \(resolutions.count) resolutions and \(names.count) levelNames",
                "name each level, or leave levelNames out for 0, 1, 2 and so on")
            return nil
        }
        var set = GridSet(
            name: name, aliases: aliases, code: code, isNorthingFirst: isNorthingFirst,
            extent: BoundingBox(
                west: extent[0], south: extent[1], east: extent[2], north: extent[3]),
            origin: origin, tileSize: (width, height),
            levels: resolutions.enumerated().map { index, resolution in
                GridSet.Level(resolution: resolution, name: names?[index] ?? "\(index)")
            })
        if let meters { set.metersPerUnit = meters }
        guard let defect = set.defect else { return set }
        findings.error(
            at: .line(file: file, 1), "the grid set \"\(printable(name))\" \(defect)",
            "correct it by the capabilities of the server that has it")
        return nil
    }

    private func section(_ text: String) -> Section? {
        guard let node = composeDocument(text, named: file, findings) else { return nil }
        guard case .mapping(let mapping) = node else {
            findings.error(
                at: .line(file: file, 1), "the file is no mapping",
                "write keys and values, such as \"epsg: 2193\"")
            return nil
        }
        return Section(
            mapping, name: "", pattern: "", file: file, place: .line(file: file, 1),
            findings: findings)
    }
}

extension ValueForm where Value == Double {
    /// A decimal number, with or without an exponent.
    static var number: Self {
        Self { text throws(Complaint) in
            guard let value = Double(text), value.isFinite,
                text.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) })
            else {
                throw Complaint("is no number", "write one such as 156543.03392804097")
            }
            return value
        }
    }
}

extension ValueForm where Value == GridSet.Origin {
    fileprivate static var gridOrigin: Self {
        .choice(["topLeft": .topLeft, "bottomLeft": .bottomLeft])
    }
}
