public import Caching

/// What the edge would do with a request and why, step by step; nothing was done for it.
///
/// Made by `Server.explain` from what the hit path itself uses. Durations and times are
/// milliseconds; values of cookies, of Authorization and of the origins' own fields are replaced by
/// their length and a digest that tells equal ones.
public struct Explanation: Sendable, Equatable {
    public var request = Request()
    /// nil where there is no distribution.
    public var alias: Alias?
    /// The patterns that matter: the one that matched, those that nearly did, those behind it that
    /// match as well.
    public var patterns: [Pattern] = []
    public var behavior = Behavior()
    /// What became of the target before anything was looked up.
    public var rewritings: [Rewriting] = []
    /// Why the request is not served at all.
    public var refusal: Note?
    /// nil where the store has no part in the request.
    public var key: Key?
    /// The latest one in force that names the target.
    public var invalidation: Invalidation?
    public var entry: Entry?
    public var nearMisses: [NearMiss] = []
    /// Entries that were looked at for near misses, and whether those are all.
    public var scanned = 0
    public var isScanComplete = true
    /// nil where the request is refused.
    public var origin: Origin?
    public var decision = Verdict()
    /// What the viewer would get if the origin failed now; nil for a behavior without a class.
    public var fallback: Note?
    /// The distribution's page that is shown for an error; where none is known, those that would
    /// be.
    public var errorPages: [ErrorPage] = []
    public var warnings: [Note] = []
    /// What CloudFront does not document and had a part in the above: the key of `mapedge.yaml`
    /// that says how it is read, and how that is.
    public var assumptions: [Note] = []

    public init() {}

    /// What was asked.
    public struct Request: Sendable, Equatable {
        public var method = ""
        public var host = ""
        public var target = ""
        public var usesTLS = false
        /// The viewer's address; explanations asked over the admin port are loopback's.
        public var viewer = ""
        public init() {}
    }

    /// Which distribution the host leads to.
    public struct Alias: Sendable, Equatable {
        public var distribution = ""
        public var domainName = ""
        /// The alias, or the domain name, that the host is; nil: none of them.
        public var matched: String?
        /// Other hosts are refused.
        public var isStrict = false
        public init() {}
    }

    public struct Pattern: Sendable, Equatable {
        public enum Outcome: Sendable, Equatable {
            case matched
            /// It does not match, for a reason that its author may not have thought of.
            case nearly(String)
            /// It matches too, but another one stands before it.
            case shadowed
        }
        public var pattern: String
        public var outcome: Outcome
        public init(_ pattern: String, _ outcome: Outcome) {
            self.pattern = pattern
            self.outcome = outcome
        }
    }

    /// The behavior whose pattern matched.
    public struct Behavior: Sendable, Equatable {
        /// From 0, in the order in which patterns are tried.
        public var index = 0
        public var pattern = "*"
        public var origin = ""
        public var mode = ""
        public var mapClass = ""
        /// What decides the key: a cache policy's name, `ForwardedValues`, or the edge's own rules.
        public var keyPolicy = ""
        /// Empty where there is none.
        public var originRequestPolicy = ""
        public var minTTL: Milliseconds = 0
        public var defaultTTL: Milliseconds = 0
        public var maxTTL: Milliseconds = 0
        public init() {}
    }

    /// One change of the target.
    public struct Rewriting: Sendable, Equatable {
        public var what: String
        public var result: String
        public init(_ what: String, _ result: String) {
            self.what = what
            self.result = result
        }
    }

    /// A word for programs, a sentence for people, and what to do, where something can be done.
    public struct Note: Sendable, Equatable {
        public var word: String
        public var text: String
        public var remedy: String
        public init(_ word: String, _ text: String, _ remedy: String = "") {
            self.word = word
            self.text = text
            self.remedy = remedy
        }
    }

    /// A page that takes an error's place, under a status of its own.
    public struct ErrorPage: Sendable, Equatable {
        public var status: Int
        public var path: String
        public var responseCode: Int
        /// ErrorCachingMinTTL.
        public var minTTL: Milliseconds
        /// The error is what the request comes to now.
        public var isShown = false

        public var text: String {
            "\(status) -> \(path) as \(responseCode) (ErrorCachingMinTTL \(minTTL / 1_000))"
        }
    }

    /// The decision, and its reason in the words of log, metrics and `Cache-Status`.
    public struct Verdict: Sendable, Equatable {
        public var action = ""
        public var reason = ""
        public var sentence = ""
        /// Why an answer to this request would not be stored, whatever it said; nil: it may be.
        public var storeRefusal: String?
        public init() {}
    }
}
