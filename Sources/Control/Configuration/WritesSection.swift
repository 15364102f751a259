import Caching
import Edge

extension ConfigurationReader {
    /// The keys of `writes`.
    mutating func readWrites(_ section: Section) {
        var section = section
        var writes = WriteSettings()
        section.read("enabled", &writes.isOn, .flag)
        section.read("root", &writes.context.root, .pathSegment)
        if let paths = section.list("site") {
            writes.context.site = paths.compactMap { $0.read(.sitePath, findings) }
        }
        section.read("repeatAfter", &writes.repeatDelay, .duration(1_000...86_400_000))
        section.read("margin", &writes.reading.margin, .count(0...1_000))
        tellsGroups = section.gives("groups")
        let layers = "write its layers as a list: [geonode:roads, geonode:rivers]"
        for (name, members) in lists("groups", in: &section, of: .text, layers) {
            writes.groups[LayerName(name)] = members.map { LayerName($0) }
        }
        for (name, members) in lists("styles", in: &section, of: .text, layers) {
            writes.styles[LayerName(name)] = members.map { LayerName($0) }
        }
        let words = "write what it shows as a list: [layer:geonode:roads, page:/story/x]"
        for (path, shown) in lists("pages", in: &section, of: .shownWord, words) {
            guard let path = try? ValueForm.sitePath.parse(path) else {
                findings.error(
                    at: findings.place(of: "writes.pages.\(printable(path))"),
                    "\(printable(path)) in writes.pages is no path",
                    "write its first segments, such as /story/rome")
                continue
            }
            writes.reading.pages.append(ShownRule(path: path, words: shown))
        }
        if let given = section.given("tagHeader") {
            let name = given.text.isEmpty ? "" : given.read(.fieldName, findings)
            if let name { writes.reading.tagField = Array(name.utf8) }
        }
        writes.catalogue = readCatalogue("catalogue", in: &section)
        writes.numbers = readCatalogue("numbers", in: &section)
        section.finish()
        configuration.settings.writes = writes
    }

    /// Whoever tells no groups has them looked for among the layers that are read; where none are,
    /// their pictures get old.
    private mutating func settleGroups() {
        let settings = configuration.settings
        guard settings.writes.isOn, settings.writes.catalogue == nil, !tellsGroups else { return }
        let isRead = settings.origins.contains { $0.layers?.services.isEmpty == false }
        configuration.settings.writes.seeksGroups = isRead
        configuration.settings.writes.leavesGroups = !isRead
        // Without a site there may be no map server, and the first edit tells.
        guard !isRead, !settings.writes.context.site.isEmpty else { return }
        findings.warning(
            at: findings.place(of: "writes.site"),
            "nobody tells which layer groups there are, so that an edit of a layer leaves what a "
                + "group drew of it",
            "let writes.catalogue or an origin's maps.layers read them, or list them in "
                + "writes.groups ({} where there is none)")
    }

    /// A section whose keys are the operator's own names, each with a list.
    ///
    /// - Parameter remedy: what to write in place of an element that is none.
    private func lists(
        _ key: String, in section: inout Section, of form: ValueForm<String>, _ remedy: String
    ) -> [(name: String, values: [String])] {
        guard var lists = section.section(key) else { return [] }
        return lists.entries().map { entry in
            let values = entry.elements.compactMap { element -> String? in
                if case .value(let given) = element { return given.read(form, findings) }
                findings.error(
                    at: entry.place,
                    "an element of writes.\(key).\(printable(entry.name)) is no name", remedy)
                return nil
            }
            return (entry.name, values)
        }
    }

    /// The keys of `writes.catalogue`, or of `writes.numbers`; nil where nobody is named whose.
    private func readCatalogue(_ key: String, in section: inout Section) -> CatalogueSettings? {
        guard var section = section.section(key) else { return nil }
        var origin: String?
        section.read("origin", &origin, .text)
        var standard = CatalogueSettings(origin: "")
        let isList = key == "numbers"
        if isList { standard.restPath = "/api/v2/datasets?page_size=200" }
        var catalogue = standard
        if isList {
            section.read("path", &catalogue.restPath, .requestPath)
        } else {
            section.read("restPath", &catalogue.restPath, .restPath)
        }
        catalogue.authorization = section.given("credentials").flatMap(credentials)
        section.read("interval", &catalogue.interval, .duration(1_000...86_400_000))
        section.read("timeout", &catalogue.timeout, .duration(1...3_600_000))
        section.finish()
        if let origin {
            catalogue.origin = origin
            return catalogue
        }
        if catalogue != standard {
            findings.error(
                at: section.place, "writes.\(key) does not say whose it is",
                "name the origin whose members are the \(isList ? "site" : "GeoServers") in origin")
        }
        return nil
    }

    /// Nothing would ever be observed.
    mutating func checkWrites() {
        settleGroups()
        let settings = configuration.settings
        let names = settings.origins.map(\.id)
        for (key, source) in [
            ("catalogue", settings.writes.catalogue), ("numbers", settings.writes.numbers),
        ] {
            guard let origin = source?.origin, !names.contains(origin) else { continue }
            findings.error(
                at: findings.place(of: "writes.\(key).origin"),
                "no origin is named \"\(printable(origin))\"",
                names.isEmpty ? "add it to origins" : remedy(for: origin, among: names))
        }
        let place = findings.place(of: "writes.site")
        guard !settings.writes.context.site.isEmpty else { return }
        if !settings.writes.isOn {
            findings.warning(
                at: place, "writes.site names paths, but writes are not observed",
                "write enabled: true, or leave it out")
        } else if settings.behaviors.allSatisfy({ $0.policy.mapClass == .none }) {
            findings.warning(
                at: place, "writes are observed of behaviors with a class, and none has one",
                "give the behaviors of these paths a class, such as pages")
        }
    }
}

extension ValueForm where Value == String {
    /// One segment of a path.
    fileprivate static var pathSegment: Self {
        Self { text throws(Complaint) in
            let isOne = !text.isEmpty && !text.contains { "/?# ".contains($0) }
            guard isOne else {
                throw Complaint(
                    "is no single segment of a path", "write it without slashes: geoserver")
            }
            return text
        }
    }

    /// What a page shows.
    fileprivate static var shownWord: Self {
        Self { text throws(Complaint) in
            guard ShownWords.isWord(text) else {
                throw Complaint(
                    "names nothing that a page shows",
                    "write layer:NAME, workspace:NAME, style:NAME or page:/PATH")
            }
            return text
        }
    }

    /// A path in whole segments, decoded.
    fileprivate static var sitePath: Self {
        Self { text throws(Complaint) in
            guard text.hasPrefix("/"), !text.contains("*"), !text.contains("?") else {
                throw Complaint(
                    "is no path", "write its first segments, such as /layers, or / for everywhere")
            }
            return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }
}
