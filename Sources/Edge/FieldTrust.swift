import Caching
import HTTP

/// Whose word the origin gets where a field says who asks, or what is asked for.
struct FieldTrust {
    /// Fields that trusted proxies may set; from everybody else they are removed. See
    /// `Settings.trustedFields`.
    var names: [String]
    /// The request comes from a trusted proxy.
    var isTrusted: Bool
    /// The answer may be everybody's.
    var isKeyed: Bool
    /// It is asked as nobody: who really asks is told by no field.
    var isNobodys = false

    /// Whether the origin must not see a viewer's field of that name.
    ///
    /// That a proxy's X-Forwarded-For is believed says nothing of the rest: CloudFront and load
    /// balancers hand on what their viewers write. So even a trusted proxy may set only what is
    /// named; but for its account of the way here, where the answer is for nobody else.
    func strips(_ name: RawSpan) -> Bool {
        for own in names where equalsIgnoringCase(name, string: own) {
            return !isTrusted || isNobodys && Self.namesViewer(name)
        }
        switch SpoofableField(name) {
        case nil: return false
        case .account: return !isTrusted || isKeyed
        case .cloudFront: return !isTrusted
        case .identity, .rewriting, .underscore, .httpoxy: return true
        }
    }

    /// Whether a field that a proxy is trusted to set says who asks: all but those that are known
    /// to say something else. It is a credential then, as a session's cookie is.
    static func namesViewer(_ name: RawSpan) -> Bool {
        switch SpoofableField(name) {
        case .identity, .underscore, nil: true
        case .rewriting, .account, .cloudFront, .httpoxy: false
        }
    }

    /// The same of `X-Forwarded-Host`, in whose place the origin then gets the request's own host,
    /// which is in the key: by the links in it one viewer's answer would lead all others away.
    var stripsHost: Bool { strips("x-forwarded-host") }

    /// The same of `X-Forwarded-Port`, in whose place the origin gets nothing.
    var stripsPort: Bool { strips("x-forwarded-port") }

    private func strips(_ name: String) -> Bool {
        let name = Array(name.utf8)
        return unsafe strips(name.span.bytes)
    }
}

extension Settings {
    /// Whether trusted proxies may set a field, which is named in lower case.
    func trusts(_ field: String) -> Bool { trustedFields.contains { $0.lowercased() == field } }

    /// Those of their fields that say who asks.
    var trustedIdentities: [String] {
        trustedFields.filter { unsafe FieldTrust.namesViewer(Array($0.utf8).span.bytes) }
    }
}

extension Exchange {
    /// nil: all of the viewer's fields that a policy lets pass do.
    ///
    /// CloudFront itself hands on X-Remote-User and its like wherever a policy sends all viewer
    /// headers, and a twin's behavior without a class is CloudFront, traps included; `explain`
    /// warns of it. A behavior with a class has GeoServer or GeoNode behind it, which may sign in
    /// whom such a field names, and a tier guards the real origin: neither is worth the likeness.
    var fieldTrust: FieldTrust? {
        let settings = snapshot.settings
        if imported != nil, settings.role == .twin, policy.mapClass == .none { return nil }
        return FieldTrust(
            names: settings.trustedFields, isTrusted: peer.isTrusted, isKeyed: storeKey != nil,
            isNobodys: !facts.aside.isEmpty)
    }
}
