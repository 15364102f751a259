import CloudFront
import HTTP
import Reactor

/// Who may sign the requests of a behavior, and with which keys.
struct Signers: Sendable {
    var access: SignedAccess
    var keys: [String: SignatureKey]

    /// nil for a behavior that anybody may read. A key that cannot be read was an error of the
    /// configuration, and signs nothing here.
    init?(_ behavior: BehaviorSettings, _ distribution: DistributionSettings) {
        guard let signers = behavior.imported?.behavior.signers else { return nil }
        let ids: Set<String>
        switch signers {
        case .none: return nil
        case .keyGroups(let groups):
            ids = Set(groups.flatMap { distribution.keyGroups[$0] ?? [] })
        case .accounts:
            // Which keys an account has is known to Amazon alone: those given are everybody's.
            ids = Set(distribution.publicKeys.keys)
        }
        access = SignedAccess(keyIDs: ids)
        keys = [:]
        for id in ids {
            guard let pem = distribution.publicKeys[id] else { continue }
            keys[id] = try? SignatureKey(pem: pem)
        }
    }
}

// What the edge knows of a viewer beside its request.
extension LoopState where N: ~Copyable {
    /// Over TLS to a trusted proxy that says so, in X-Forwarded-Proto, or without one, as
    /// CloudFront does, in CloudFront-Forwarded-Proto; to us where no such word is.
    ///
    /// - Parameter behavior: for which some ask in the stead of viewers who do; nil: for none.
    func usesTLS(
        _ slot: UInt32, _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ behavior: Int? = nil
    ) -> Bool {
        if let behavior, unsafe asksForSite(slot, bytes, behavior) { return true }
        guard viewers[slot].isTrusted,
            let line = unsafe head.fields.first(.xForwardedProto)
                ?? ToldScheme.toldByCloudFront(head, bytes.bytes)
        else { return viewers[slot].speaksTLS }
        let word = unsafe bytes.bytes.extracting(head.fields[line].value.range)
        return equalsIgnoringCase(word, "https") || equalsIgnoringCase(word, "wss")
    }

    func viewerFacts(
        _ slot: UInt32, _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ behavior: Int? = nil
    ) -> ViewerFacts {
        var facts = ViewerFacts()
        facts.isTrusted = viewers[slot].isTrusted
        facts.usesTLS = unsafe usesTLS(slot, head, bytes, behavior)
        let found = unsafe whereabouts(slot, head, bytes)
        (facts.country, facts.place) = (found.country, found.place)
        return facts
    }

    /// A trusted peer's word, else the table's, else the default. Only the table knows more than
    /// the country. It is asked for who stands behind the trusted proxies: where a proxy is says
    /// nothing of its viewers.
    private func whereabouts(
        _ slot: UInt32, _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> CountryTable.Found {
        let name = unsafe hot.countryField
        if viewers[slot].isTrusted, unsafe !name.isEmpty {
            for index in 0..<head.fields.count where head.fields[index].known == .other {
                let field = head.fields[index]
                guard
                    unsafe equalsIgnoringCase(bytes.bytes.extracting(field.name.range), name.bytes)
                else { continue }
                if let code = unsafe ViewerFacts.country(bytes.bytes.extracting(field.value.range))
                {
                    return CountryTable.Found(country: code)
                }
            }
        }
        if let countries = unsafe hot.countries {
            let address = unsafe viewerAddress(slot, head, bytes)
            let found = unsafe countries._withUnsafeGuaranteedRef { $0.find(address) }
            if found.country != 0 { return found }
        }
        return CountryTable.Found(country: hot.standardCountry)
    }

    /// The CloudFront- fields of this request, in the loop's own table; for the key, which may
    /// have nothing of TLS.
    mutating func generateFields(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int
    ) {
        let address = viewers[slot].address
        var length = 0
        if address != .unspecified { length = unsafe address.write(to: scratch.address) }
        let facts = unsafe viewerFacts(slot, head, bytes, behavior)
        let place = unsafe hot.place(facts.place)
        unsafe GeneratedFields.write(
            facts, hot[behavior].keyed,
            address: UnsafeRawBufferPointer(rebasing: scratch.address[..<length]).bytes,
            place: place.bytes, tls: RawSpan(), head, bytes: bytes.bytes,
            into: scratch.generated, table: &generated)
    }
}
