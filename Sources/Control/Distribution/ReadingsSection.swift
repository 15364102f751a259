import CloudFront
import Edge

extension ConfigurationReader {
    /// The keys of `distribution` for what CloudFront does not document.
    mutating func readReadings(_ section: inout Section) {
        var readings = DistributionReadings()
        section.read("pathDecoding", &readings.pathDecoding, .pathDecoding)
        section.read(
            "rootMatch", &readings.matchesRootAsSlash,
            .choice(["object": false, "slash": true]))
        section.read(
            "rootInvalidation", &readings.separatesRoot, .choice(["one": false, "two": true]))
        section.read(
            "invalidationQuery", &readings.narrowsInvalidations,
            .choice(["asKeyed": false, "narrowed": true]))
        readOrder(&section, &readings)
        section.read("missingSignature", &readings.missingSignature, .messageInXML)
        section.read("missingPolicy", &readings.missingPolicy, .messageInXML)
        distribution.readings = readings
    }

    private func readOrder(_ section: inout Section, _ readings: inout DistributionReadings) {
        guard let list = section.list("checkOrder") else { return }
        let checks = list.compactMap { $0.read(.check, findings) }
        guard checks.count == list.count else { return }
        let missing = DistributionReadings.Check.allCases.filter { !checks.contains($0) }
        guard missing.isEmpty, checks.count == DistributionReadings.Check.allCases.count else {
            let what =
                missing.isEmpty
                ? "names one twice" : "lacks \(missing.map(\.word).joined(separator: ", "))"
            findings.error(
                at: findings.place(of: section.name + "checkOrder"),
                "\(section.name)checkOrder \(what)", "name each check once")
            return
        }
        readings.checks = checks
    }
}

extension DistributionReadings {
    /// Names of the keys that are not as they are by themselves.
    var keysOfTheirOwn: [String] {
        let standard = DistributionReadings()
        let keys = [
            ("pathDecoding", pathDecoding != standard.pathDecoding),
            ("rootMatch", matchesRootAsSlash != standard.matchesRootAsSlash),
            ("rootInvalidation", separatesRoot != standard.separatesRoot),
            ("invalidationQuery", narrowsInvalidations != standard.narrowsInvalidations),
            ("checkOrder", checks != standard.checks),
            ("missingSignature", missingSignature != standard.missingSignature),
            ("missingPolicy", missingPolicy != standard.missingPolicy),
        ]
        return keys.filter(\.1).map(\.0)
    }
}

extension ValueForm where Value == MatchPath.Decoding {
    fileprivate static var pathDecoding: Self {
        .choice(["none": .none, "unreserved": .unreserved, "all": .all])
    }
}

extension ValueForm where Value == DistributionReadings.Check {
    fileprivate static var check: Self {
        .choice([
            "host": .host, "enabled": .enabled, "country": .country, "scheme": .scheme,
            "method": .method, "body": .body, "signature": .signature, "stacked": .stacked,
        ])
    }
}

extension ValueForm where Value == String {
    /// A sentence that stands in XML as it is.
    fileprivate static var messageInXML: Self {
        Self { text throws(Complaint) in
            let isSafe = text.utf8.allSatisfy { (32...126).contains($0) && $0 != 38 && $0 != 60 }
            guard (1...200).contains(text.utf8.count), isSafe, !text.contains(">") else {
                throw Complaint(
                    "is no message", "write at most 200 ASCII characters, without <, > and &")
            }
            return text
        }
    }
}
