/// A request that may change what is stored, and what of it.
public struct ObservedWrite: Sendable, Equatable {
    /// How its answer says whether it did.
    public enum ResponseForm: UInt8, Sendable {
        /// By its status.
        case status
        /// By its status and, of a success, by its body: WFS and its exceptions.
        case transaction
        /// Likewise, but several layers that it names may be in several stores: GeoServer commits
        /// store by store, so that an exception, or a count of nothing, does not prove that nothing
        /// was done.
        case divisible
        /// By its status and, of a success, by its body: WPS (OGC 05-007r7 §10.3). An exception,
        /// or a process that failed, is a refusal, and anything else a success.
        case process
        /// Nothing of a write was read in the request, which may be one all the same. It was if its
        /// answer is a transaction's, and if nobody knows the answer. Were it one in any case,
        /// whoever sends what nobody can read would empty the store.
        case doubtful
        /// By its status, of which only a success counts: it tells a tile cache to throw away what
        /// it has, and changes nothing that is drawn. Whoever sends what its server cannot read
        /// does not empty the store.
        case command
        /// It is a question after a job's state: it happened if its body says that the job is done.
        case state
    }

    /// Which layers may be drawn by another default style behind it.
    public enum Restyled: Sendable, Equatable {
        case none
        /// One, or those of that name in any workspace; it may have got another name, too.
        case layer(LayerName)
        case any
    }

    public var scope: WriteScope
    /// What it touched if its answer says that something new was made (201); nil: the same.
    public var scopeIfNew: WriteScope?
    public var response: ResponseForm
    /// The server may go on after its answer, as with a seed or an import job: what was fetched
    /// between may be as old as before, so the scope is to take effect again later.
    public var isDeferred = false
    /// The import, or other job, that it runs: whoever asks for its state learns when it is over.
    public var job: ImportJob?
    /// The body of a success may say which layer it touched, and by which job: see
    /// ``learn(fromAnswer:)``.
    public var isNamedByAnswer = false
    /// Of a write whose scope reaches legends and capabilities; any other restyles nothing.
    public var restyled = Restyled.any

    public init(
        _ scope: WriteScope, response: ResponseForm = .status, isDeferred: Bool = false,
        restyled: Restyled = .any
    ) {
        self.scope = scope
        self.response = response
        self.isDeferred = isDeferred
        self.restyled = restyled
    }
}

/// What a request is to the store, as far as can be told.
public enum WriteRecognition: Sendable, Equatable {
    /// It changes nothing that is stored.
    case read
    case write(ObservedWrite)
    /// Its body says; `unread` holds when the body is not looked at, or not to its end.
    case body(WriteBody, unread: ObservedWrite)
}

/// What the body of a request is, where it decides.
public struct WriteBody: Sendable, Equatable {
    public enum Form: Sendable, Equatable {
        /// An OGC service's, as XML or as a form's parameters. `saysTransaction`: the query does.
        case service(saysTransaction: Bool)
        /// `POST gwc/rest/masstruncate`, as XML or as JSON.
        case massTruncation
        /// `POST gwc/rest/seed/<layer>`, as XML, as JSON, or as a form, to which the parameters of
        /// the query belong. `hasQuery`: there are some.
        case seed(LayerName, isForm: Bool, hasQuery: Bool)
        /// A new layer, or group, of a workspace, as its REST collection takes it: XML or JSON.
        case newLayer
        /// A document about a style, which may give it another name, or workspace; nil: about one
        /// that is made.
        case style(LayerName?)
        /// A rule of GeoFence.
        case accessRule
        /// Rules of GeoServer's own, each of which names a layer.
        case layerRules
    }

    public var form: Form
    /// The workspace that the path is confined to; nil: none.
    public var workspace: String?
    /// The charset of the Content-Type; nil where it has none.
    public var charset: String?
    /// The parameters of a query that says that it is a transaction; else empty.
    public var query: [UInt8] = []
    /// The query has a REQUEST, so that the body need not.
    public var hasRequest = false
}
