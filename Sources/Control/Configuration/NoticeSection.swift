import Caching
import Edge

/// The sections `notices` and `fallbacks` as they were written; origins' names become positions
/// when all are known.
struct NoticeDraft {
    var settings = NoticeSettings()
    /// nil: by the role.
    var delivery: NoticeSettings.Delivery?
    var watch: [Given]?
}

/// Largest template that is read, in bytes: it goes into each page.
private let templateBytesMax = 16_384

extension ConfigurationReader {
    /// The keys of `notices`.
    mutating func readNotices(_ section: Section) {
        var section = section
        section.read(
            "delivery", &notices.delivery,
            .choice(["inject": .inject, "script": .script, "off": .off]))
        notices.watch = section.list("watch")
        let directory = section.given("directory")
        let languages = (section.list("languages") ?? []).compactMap {
            $0.read(.language, findings)
        }
        section.read("marker", &notices.settings.marker, .text)
        section.read("script", &notices.settings.script, .ownPath)
        section.read("sMaxage", &notices.settings.sMaxage, .duration(0...86_400_000))
        section.finish()
        if let directory {
            let texts = (languages.isEmpty ? ["en"] : languages).compactMap {
                readTexts($0, directory, findings)
            }
            if !texts.isEmpty { notices.settings.texts = texts }
        } else if languages != [] && languages != ["en"] {
            findings.error(
                at: findings.place(of: "notices.languages"),
                "the edge's own texts are English, and there are no others",
                "name a directory with notice.\(languages[0]).html and page.\(languages[0]).html "
                    + "in notices.directory")
        }
        if notices.settings.marker.utf8.count > 256 {
            findings.error(
                at: findings.place(of: "notices.marker"), "notices.marker is longer than 256 bytes",
                "write what stands in each page where the notice goes, such as \"</body\"")
        }
    }

    /// The keys of `fallbacks`.
    func readFallbacks(_ section: Section, _ fallbacks: inout FallbackSettings) {
        var section = section
        section.read("ancestorLevels", &fallbacks.ancestorLevels, .count(0...8))
        section.read("pictureJobs", &fallbacks.pictureJobs, .count(0...64))
        section.read(
            "retryAfter", &fallbacks.retryAfter,
            ValueForm.duration(1_000...3_600_000).map { $0 / 1_000 })
        section.read("outageBegins", &fallbacks.outageBegins, .count(1...1_000))
        section.read("outageEnds", &fallbacks.outageEnds, .count(1...1_000))
        section.finish()
    }

    /// What only all sections together say.
    mutating func settleNotices() {
        let settings = configuration.settings
        notices.settings.delivery =
            notices.delivery ?? (settings.role == .tier ? .inject : .off)
        if let watch = notices.watch {
            let names = settings.origins.map(\.id)
            notices.settings.watch = watch.compactMap { given in
                if let index = names.firstIndex(of: given.text) { return index }
                findings.error(
                    at: given.place, "no origin is named \"\(printable(given.text))\"",
                    names.isEmpty ? "add it to origins" : remedy(for: given.text, among: names))
                return nil
            }
        }
        if notices.settings.delivery == .script, notices.settings.script == nil {
            findings.error(
                at: findings.place(of: "notices.delivery"),
                "notices.delivery is script, but no path for the script is given",
                "write \"script: /.mapedge\" below it, and load /.mapedge/notice.js in the pages")
        }
        if notices.delivery == .inject, settings.role == .twin {
            findings.warning(
                at: findings.place(of: "notices.delivery"),
                "pages get a notice, which CloudFront, whose twin this edge is, never adds",
                "write delivery: off, or role: tier")
        }
        configuration.settings.notices = notices.settings
        if notices.delivery == .inject { checkNoticesAreSeen() }
    }

    /// Nothing would ever be told, or nobody.
    private func checkNoticesAreSeen() {
        let place = findings.place(of: "notices.delivery")
        let behaviors = configuration.settings.behaviors
        let ofMaps: [MapClass] = [.tiles, .capabilities, .features]
        let hasMaps = behaviors.contains { ofMaps.contains($0.policy.mapClass) }
        if notices.settings.watch?.isEmpty ?? !hasMaps {
            findings.warning(
                at: place,
                "pages get a notice, but no origin is watched: no behavior has class tiles, "
                    + "capabilities or features",
                "name the origins of the maps in notices.watch")
        }
        if !behaviors.contains(where: { $0.policy.mapClass == .pages }) {
            findings.warning(
                at: place, "pages get a notice, but no behavior has class pages",
                "give one that class, or write delivery: off")
        }
    }

    /// The key `degraded` of a behavior.
    func degradedMarker(_ section: inout Section) -> DegradedMarker? {
        guard var inner = section.section("degraded") else { return nil }
        var marker = DegradedMarker()
        var body = ""
        inner.read("header", &marker.header, .fieldName)
        inner.read("value", &marker.value, .fieldValue)
        inner.read("body", &body, .text)
        inner.read("within", &marker.within, .bytes(256...262_144))
        inner.read("serveStored", &marker.servesStored, .flag)
        inner.finish()
        marker.body = Array(body.utf8)
        if marker.header == nil, marker.body.isEmpty {
            if marker.value != nil || marker.servesStored {
                findings.error(
                    at: inner.place, "\(inner.name.dropLast()) has neither header nor body",
                    "say by which field or text such a page is known")
            }
            return nil
        }
        if marker.body.count > marker.within {
            findings.error(
                at: findings.place(of: inner.name + "body"),
                "\(inner.name)body is longer than what is searched",
                "shorten it, or raise within")
        }
        return marker
    }
}

/// Both templates of a language; nil after a mistake was noted.
private func readTexts(
    _ language: String, _ directory: Given, _ findings: Findings
) -> NoticeTexts? {
    let notice = template("notice.\(language).html", false, directory, findings)
    let page = template("page.\(language).html", true, directory, findings)
    guard let notice, let page else { return nil }
    return NoticeTexts(language: language, notice: notice, page: page)
}

private func template(
    _ name: String, _ isPage: Bool, _ directory: Given, _ findings: Findings
) -> NoticeTemplate? {
    let file = "\(directory.text)/\(name)"
    let text: String
    do throws(Complaint) {
        text = try readTextFile(file, bytesMax: templateBytesMax)
    } catch {
        findings.error(at: directory.place, "\(file) \(error.problem)", error.remedy)
        return nil
    }
    do throws(NoticeTemplate.Mistake) {
        return try NoticeTemplate(text, isPage: isPage)
    } catch {
        findings.error(at: .line(file: file, error.line), error.problem, error.remedy)
        return nil
    }
}

extension ValueForm where Value == String {
    /// A language tag in small letters (RFC 5646).
    static var language: Self {
        Self { text throws(Complaint) in
            let tag = text.lowercased()
            let isTag = tag.utf8.allSatisfy {
                $0 == UInt8(ascii: "-") || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
            }
            guard (2...35).contains(tag.utf8.count), isTag, !tag.hasPrefix("-") else {
                throw Complaint("is no language", "write it as in Accept-Language, such as pt-br")
            }
            return tag
        }
    }

    /// A path that is the edge's own, without a slash at its end.
    fileprivate static var ownPath: Self {
        Self { text throws(Complaint) in
            let path = text.hasSuffix("/") ? String(text.dropLast()) : text
            let isPlain = path.utf8.allSatisfy {
                $0 > 32 && $0 < 127 && ![UInt8(ascii: "?"), 35, 37, 42].contains($0)
            }
            guard path.hasPrefix("/"), (2...128).contains(path.utf8.count), isPlain else {
                throw Complaint(
                    "is no path for the edge's own answers", "write such as /.mapedge")
            }
            return path
        }
    }
}
