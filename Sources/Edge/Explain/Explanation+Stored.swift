public import Caching

extension Explanation {
    /// What the response is stored under.
    public struct Key: Sendable, Equatable {
        public var parts: [KeyPart] = []
        /// 32 hexadecimal digits: its name in the store.
        public var hash = ""
        /// What of the request is not in it: parameters and cookies, by name.
        public var leftOut: [KeyOmission] = []
        /// The coding part of the key whose entry answers in place of its own; empty: its own does.
        public var servedCoding = ""
        public init() {}

        /// The key whose entry answers.
        var asServed: Key {
            guard !servedCoding.isEmpty, let last = parts.indices.last else { return self }
            var key = self
            key.parts[last].value = servedCoding
            return key
        }
    }

    /// A part of a key, and why it is there.
    public struct KeyPart: Sendable, Equatable {
        /// `method`, `host`, `path`, `query`, `field`, `cookie`, `coding`, `policy` or `vary`.
        public var kind: String
        /// Of a field or cookie; else empty.
        public var name: String
        /// nil: the request has no such field.
        public var value: String?
        public var source: String
        public init(
            _ kind: String, name: String = "", _ value: String?, source: String = ""
        ) {
            self.kind = kind
            self.name = name
            self.value = value
            self.source = source
        }

        /// `field Accept-Language`, `path`.
        public var label: String { name.isEmpty ? kind : "\(kind) \(name)" }
    }

    public struct KeyOmission: Sendable, Equatable {
        /// `query` or `cookie`.
        public var kind: String
        public var name: String
        public init(_ kind: String, _ name: String) {
            self.kind = kind
            self.name = name
        }
    }

    /// A part in which two keys differ.
    public struct KeyDifference: Sendable, Equatable {
        public var label: String
        /// nil: this key has no such part.
        public var wanted: String?
        public var found: String?
        /// Empty, or what is peculiar about it.
        public var note: String
        public init(_ label: String, wanted: String?, found: String?, note: String = "") {
            self.label = label
            self.wanted = wanted
            self.found = found
            self.note = note
        }
    }

    public struct Invalidation: Sendable, Equatable {
        /// Its number; entries carry the one in force when their fetch began.
        public var number: UInt64
        /// `/tiles/*`, `/tiles/*` of a host, everything.
        public var rule: String
        /// Whether what is stored is dead by it.
        public var kills: Bool
        /// Whether what is stored is stale by it, which it would not be else.
        public var endsLifetime = false
        /// What a client of the control API asks for: a path on any host, or a tag.
        public var mayBeOfAPI: Bool
        /// What it names is a tag, and what had it may be gone with all that it told.
        public var isOfTag = false
        /// The control API's id of it, and when it was asked for, in milliseconds since 1970; nil:
        /// it came from elsewhere.
        public var id: String?
        public var time: Int64?
        public init(number: UInt64, rule: String, kills: Bool, mayBeOfAPI: Bool) {
            self.mayBeOfAPI = mayBeOfAPI
            self.number = number
            self.rule = rule
            self.kills = kills
        }

        /// What came of it for what is stored, where there is anything.
        public func effect(onStored isThere: Bool) -> String {
            if kills { return "killed what is stored" }
            if endsLifetime { return "soft, ended the lifetime of what is stored" }
            if isThere { return "older than what is stored" }
            return isOfTag ? "in force, for what had that tag" : "in force"
        }
    }

    /// What is stored under the key.
    public struct Entry: Sendable, Equatable {
        /// `complete` or `partial`.
        public var kind = ""
        public var status = 0
        public var bodyLength: UInt64 = 0
        public var storedAt: Milliseconds = 0
        public var age: Milliseconds = 0
        public var lifetime: Milliseconds = 0
        /// What decided the lifetime: a word of `Lifetime.Source`.
        public var source = ""
        /// The response's field behind it; empty where there is none.
        public var field = ""
        /// `min-ttl`, `max-ttl`, `present-ttl`, `invalidation` or empty.
        public var bound = ""
        /// Until it is stale; negative since.
        public var remaining: Milliseconds = 0
        /// How long, once stale and from now on, it may be served while it is being refreshed, or
        /// when the origin fails.
        public var staleWhileRevalidate: Milliseconds = 0
        public var staleIfError: Milliseconds = 0
        /// What else is remembered of it, such as `no-cache`.
        public var flags: [String] = []
        /// The lifetime was computed under other settings than those in force.
        public var hasOldLifetime = false
        /// It waits for the writer still.
        public var isPending = false
        /// The number of the latest invalidation when its fetch began.
        public var invalidation: UInt64 = 0
        /// The hash of its own key, where that is a variant's by `Vary`.
        public var variantHash = ""
        /// Why it is stored as it came, where viewers might expect it compressed; else empty.
        public var uncompressed = ""
        public init() {}
    }

    /// What is stored for the same host and path, under another key.
    public struct NearMiss: Sendable, Equatable {
        public var differences: [KeyDifference] = []
        public var status = 0
        public var age: Milliseconds = 0
        public var isFresh = false
        /// Killed by an invalidation.
        public var isDead = false
        public init() {}
    }

    /// What an origin would be asked.
    public struct Origin: Sendable, Equatable {
        public var id = ""
        /// It is asked for this request; else it would be if nothing were stored.
        public var isAsked = false
        public var requestLine = ""
        /// nil: it is in none, or the behavior names it alone.
        public var group: OriginGroup?
        /// Names and states.
        public var members: [Note] = []
        public var fields: [Field] = []
        /// What of the viewer's request stays here.
        public var stripped: [Field] = []
        public init() {}
    }

    /// A group of origins of which the second is asked where the first fails.
    public struct OriginGroup: Sendable, Equatable {
        public var id: String
        /// In the order in which they are asked.
        public var members: [String]
        /// Of the first, after which the second is asked; 503 is no connection as well, 504 no
        /// answer in time.
        public var statuses: [Int]
        /// The request may be repeated: the second is asked for GET and HEAD, and for OPTIONS
        /// where it is cached.
        public var failsOver: Bool

        public var text: String {
            let codes = statuses.map { "\($0)" }.joined(separator: ", ")
            return "group \(id): \(members.first ?? "") first"
                + (failsOver
                    ? ", then \(members.last ?? "") after \(codes)"
                    : " and alone, since the method is not repeated")
        }
    }

    /// A field on its way to the origin.
    public struct Field: Sendable, Equatable {
        public var name: String
        public var value: String
        /// `forwarded`, `changed`, `added` or `stripped`.
        public var fate: String
        public var why: String
        public init(_ name: String, _ value: String, _ fate: String, _ why: String = "") {
            self.name = name
            self.value = value
            self.fate = fate
            self.why = why
        }
    }
}
