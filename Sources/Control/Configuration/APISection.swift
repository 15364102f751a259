import Caching
import CloudFront
import Edge
import Reactor

extension ConfigurationReader {
    /// The keys of `api`: who may ask the control API, and how it answers.
    mutating func readAPI(_ section: Section) {
        var section = section
        section.read("enabled", &configuration.api.isEnabled, .flag)
        section.read("invalidationDelay", &configuration.api.invalidationDelay, .invalidationDelay)
        section.read(
            "reusedReference", &configuration.api.reusedReference,
            .choice([
                "InvalidArgument": .invalidArgument,
                "InvalidationBatchAlreadyExists": .invalidationBatchAlreadyExists,
            ]))
        section.read(
            "referencePaths", &configuration.api.ordersReferencePaths,
            .choice(["set": false, "list": true]))
        section.read("maxItems", &configuration.api.pageItems, .count(1...10_000))
        section.read(
            "malformedCode", &configuration.api.malformedCode,
            .choice(["MalformedXML": .malformedXML, "MalformedInput": .malformedInput]))
        for element in section.elements("credentials") ?? [] {
            if let credential = credential(element) {
                configuration.api.credentials.append(credential)
            }
        }
        section.finish()
    }

    /// One pair; nil for an element that says nothing, and after a mistake was noted.
    private func credential(_ element: Section.Element) -> APICredential? {
        guard case .section(var section) = element else {
            if case .value(let given) = element {
                findings.error(
                    at: given.place, "\(given.name) is one value",
                    "write it as { accessKeyId: ID, secretAccessKeyFile: FILE }")
            }
            return nil
        }
        let id = section.given("accessKeyId")
        let inline = section.given("secretAccessKey")
        let path = section.given("secretAccessKeyFile")
        section.finish()
        if id == nil, inline == nil, path == nil { return nil }
        guard let id, (inline == nil) != (path == nil) else {
            findings.error(
                at: section.place,
                id == nil
                    ? "a credential has no accessKeyId"
                    : "a credential has \(inline == nil ? "no secret" : "two secrets")",
                "give accessKeyId, and either secretAccessKeyFile or secretAccessKey")
            return nil
        }
        let secret = inline.map { self.secret($0) } ?? path.flatMap { self.secret(in: $0) }
        guard let name = id.read(.accessKeyID, findings), let secret else { return nil }
        if configuration.api.credentials.contains(where: { $0.accessKeyID == name }) {
            findings.error(
                at: id.place, "the access key id \"\(name)\" is given twice", "remove one of them")
        }
        return APICredential(accessKeyID: name, secret: secret)
    }

    private func secret(_ given: Given) -> Secret? {
        warnOfReaders(of: file, given)
        var given = given
        given.isSecret = true
        return given.read(.secret, findings)
    }

    /// The first line of a file, such as one that systemd's `LoadCredential` provides.
    private func secret(in given: Given) -> Secret? {
        guard let path = given.read(.text, findings) else { return nil }
        do throws(Complaint) {
            let line = try readTextFile(path).prefix { !$0.isNewline }
            warnOfReaders(of: path, given)
            let content = Given(
                name: "the secret in \(printable(path))", text: String(line), place: given.place,
                isSecret: true)
            return content.read(.secret, findings)
        } catch {
            findings.error(
                at: given.place, "\(given.name) \"\(printable(path))\" \(error.problem)",
                error.remedy)
            return nil
        }
    }

    private func warnOfReaders(of path: String, _ given: Given) {
        guard isReadableByAll(path) else { return }
        findings.warning(
            at: given.place, "everybody on this machine may read \(printable(path)), a secret",
            "take the right from others: chmod o= \(printable(path))")
    }

    /// What is not signed is believed, so that only this machine may ask.
    func checkAPIAccess() {
        guard configuration.api.isEnabled, configuration.api.credentials.isEmpty else { return }
        for case .ip(let address) in configuration.admin where !address.isLoopback {
            findings.error(
                at: admin.place,
                "the control API on \(address) would obey everybody who reaches it",
                "name who may in api.credentials, turn it off with \"api: { enabled: false }\", or "
                    + "choose 127.0.0.1 for the admin port")
        }
    }
}

extension ValueForm where Value == Milliseconds {
    /// A day is more than anybody waits for.
    static var invalidationDelay: Self { .duration(0...86_400_000) }
}

extension ValueForm where Value == String {
    /// A name without a port, which is of no account.
    static var adminHost: Self {
        Self { text throws(Complaint) in
            let isName = text.utf8.allSatisfy { byte in
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || [0x2D, 0x2E, 0x5F].contains(byte)
                    || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
            }
            guard (1...253).contains(text.utf8.count), isName else {
                throw Complaint("is no host's name", "write it without scheme and port")
            }
            return text.lowercased()
        }
    }

    static var accessKeyID: Self {
        Self { text throws(Complaint) in
            let isName = text.utf8.allSatisfy { byte in
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
                    || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
            }
            guard (1...128).contains(text.utf8.count), isName else {
                throw Complaint(
                    "is no access key id", "use letters, digits and _, 128 at most")
            }
            return text
        }
    }
}

extension ValueForm where Value == Secret {
    /// Amazon's have 40 characters; what is much shorter can be tried out.
    static var secret: Self {
        Self { text throws(Complaint) in
            guard (16...256).contains(text.utf8.count),
                text.utf8.allSatisfy({ (33...126).contains($0) })
            else {
                throw Complaint(
                    "is not 16 to 256 printable ASCII characters",
                    "make one with: openssl rand -base64 30")
            }
            return Secret(text)
        }
    }
}
