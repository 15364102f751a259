import CloudFront

/// The keys by which signed URLs and cookies are verified, as far as they are known.
struct SignerKeys: Sendable, Equatable {
    /// PEM public keys, by key id.
    private(set) var publicKeys: [String: String] = [:]
    /// Ids of keys, by the id of their group.
    private(set) var groups: [String: [String]] = [:]
    /// Both as the control API tells them, in the order they were read.
    private(set) var records: [SignerKind: [SignerRecord]] = [:]

    /// Takes what `aws cloudfront get-public-key` or `get-key-group` wrote; false, and nothing is
    /// done, for a document of another kind.
    ///
    /// - Parameter name: stands for the id where the output has none.
    mutating func add(
        _ document: ConfigNode, named name: String, in file: String, _ findings: Findings
    ) -> Bool {
        if let config = document["PublicKey"]?["PublicKeyConfig"] ?? document["PublicKeyConfig"] {
            let id = document["PublicKey"]?.text("Id") ?? name
            addKey(
                id, config.text("EncodedKey") ?? "", config,
                at: .line(file: file, max(1, config.line)), "EncodedKey", findings)
            return true
        }
        if let config = document["KeyGroup"]?["KeyGroupConfig"] ?? document["KeyGroupConfig"] {
            let record = SignerRecord(id: document["KeyGroup"]?.text("Id") ?? name, config: config)
            groups[record.id] = record.keys
            note(record, .keyGroup)
            return true
        }
        return false
    }

    /// Takes a key in a PEM file of its own.
    mutating func add(_ id: String, file: Given, _ findings: Findings) {
        do throws(Complaint) {
            // What else is in the file, a private key perhaps, is nobody's business.
            let text = Self.publicBlock(of: try readTextFile(file.text))
            let config = ConfigNode.map([
                "CallerReference": .text(id), "Name": .text(id), "EncodedKey": .text(text),
            ])
            addKey(id, text, config, at: file.place, file.name, findings)
        } catch {
            findings.error(
                at: file.place,
                "\(file.name) names \"\(printable(file.text))\", which "
                    + error.problem, error.remedy)
        }
    }

    /// The first block of a public key, or the text that has none.
    private static func publicBlock(of text: String) -> String {
        guard let start = text.firstRange(of: "-----BEGIN PUBLIC KEY-----"),
            let end = text[start.upperBound...].firstRange(of: "-----END PUBLIC KEY-----")
        else { return text }
        return String(text[start.lowerBound..<end.upperBound]) + "\n"
    }

    private mutating func addKey(
        _ id: String, _ pem: String, _ config: ConfigNode, at place: Finding.Place,
        _ name: String, _ findings: Findings
    ) {
        guard pem.contains("-----BEGIN PUBLIC KEY-----"), pem.contains("-----END PUBLIC KEY-----")
        else {
            findings.error(
                at: place, "\(name) of the key \"\(printable(id))\" is no public key",
                "give it as PEM, beginning with -----BEGIN PUBLIC KEY-----")
            return
        }
        publicKeys[id] = pem
        note(SignerRecord(id: id, config: config), .publicKey)
    }

    /// The last of an id holds, as it does for who verifies.
    private mutating func note(_ record: SignerRecord, _ kind: SignerKind) {
        var known = records[kind] ?? []
        if let index = known.firstIndex(where: { $0.id == record.id }) {
            known[index] = record
        } else {
            known.append(record)
        }
        records[kind] = known
    }

    /// What behaviors demand signatures that nobody could verify: of the document alone, so that it
    /// is known where a policy is not.
    func findings(about config: DistributionConfig) -> [ConfigFinding] {
        (config.cacheBehaviors + [config.defaultCacheBehavior]).flatMap { behavior in
            switch behavior.signers {
            case .none: [ConfigFinding]()
            case .accounts:
                publicKeys.isEmpty
                    ? [
                        ConfigFinding(
                            .error, behavior.place.member("TrustedSigners"),
                            "no public key of theirs is known",
                            "name its file in the key distribution.keys: { KEY-ID: FILE.pem }")
                    ] : []
            case .keyGroups(let ids):
                ids.flatMap { findings(about: $0, behavior.place.member("TrustedKeyGroups")) }
            }
        }
    }

    private func findings(about group: String, _ place: ConfigPlace) -> [ConfigFinding] {
        guard let keys = groups[group] else {
            return [
                ConfigFinding(
                    .error, place, "no key group \"\(printable(group))\" is known",
                    "save the output of aws cloudfront get-key-group --id \(group) beside the "
                        + "policies",
                    code: .trustedKeyGroupDoesNotExist)
            ]
        }
        var found: [ConfigFinding] = []
        if keys.count > 5 {
            found.append(
                ConfigFinding(
                    .warning, place,
                    "\(keys.count) keys of group \(printable(group)) exceed CloudFront's quota",
                    "keep to 5"))
        }
        return found
            + keys.filter { publicKeys[$0] == nil }.map { key in
                ConfigFinding(
                    .error, place, "no key \"\(printable(key))\" of group \(group) is known",
                    "save the output of aws cloudfront get-public-key --id \(key) beside the "
                        + "policies, or name its file in the key distribution.keys")
            }
    }
}
