import HTTP
import Tiles

/// The body of a request to an OGC service: a write, or a read that was too long for a query.
struct ServiceBody {
    private enum Root {
        case none, read, transaction, process, queries
        /// A catalogue of metadata writes: no map is drawn from it, but what it lists may be
        /// anything.
        case catalogue
    }

    private let body: WriteBody
    private let saysTransaction: Bool
    private var stream: XMLStream
    private var root = Root.none
    /// It is not read any further: it is no document, or too long.
    private var isBroken = false
    /// Where it is: 1, or deeper where SOAP wraps it; 0: it has not come.
    private var rootDepth = 0
    private var isWrapped = false
    private var transaction: TransactionReader
    private var process = ProcessReader()
    private var depth = 0
    /// Parameters of a form, as long as nothing shows that it is XML.
    private var form: [UInt8]? = []

    /// A document that was not over when its bytes were: no server has read it to its end.
    private(set) var isUnclosed = false

    /// Longest form that is read, in bytes.
    private static var formBytesMax: Int { 65_536 }

    init(_ body: WriteBody, saysTransaction: Bool, context: WriteContext) {
        self.body = body
        self.saysTransaction = saysTransaction
        var limits = XMLLimits.stream
        limits.depth = 64
        limits.attributeBytes = 4_096
        stream = XMLStream(limits: limits, charset: body.charset)
        transaction = TransactionReader(
            context: context, workspace: body.workspace, charset: body.charset)
    }

    mutating func take(_ bytes: RawSpan) {
        if isBroken || bytes.byteCount == 0 { return }
        guard var begun = form else {
            stream.append(bytes)
            read()
            return
        }
        for at in 0..<min(bytes.byteCount, Self.formBytesMax + 1 - begun.count) {
            begun.append(bytes[at])
        }
        // A form begins with the name of a parameter; `<?xm` does not, in EBCDIC either.
        if let first = begun.first, first != UInt8(ascii: "<"), first > 0x20, first < 0x7f,
            !begun.starts(with: [0x4c, 0x6f, 0xa7, 0x94])
        {
            form = begun
            isBroken = begun.count > Self.formBytesMax
            return
        }
        form = nil
        stream.append(bytes)
        read()
    }

    private mutating func read() {
        do throws(XMLError) {
            while let event = try stream.next() {
                switch event {
                case .start(let element): begin(element)
                case .text(let piece) where isInRoot:
                    if root == .transaction { transaction.text(piece) }
                    if root == .process { process.text(piece) }
                case .text: break
                case .end(let name):
                    if isInRoot {
                        if root == .transaction { transaction.end(name) }
                        if root == .process { process.end(name) }
                    }
                    depth -= 1
                case .needMore: break
                }
            }
        } catch { isBroken = true }
    }

    private var isInRoot: Bool { rootDepth > 0 && depth >= rootDepth }

    private mutating func begin(_ element: XMLElement) {
        depth += 1
        if rootDepth == 0 { beginRoot(element) }
        guard isInRoot else { return }
        if root == .transaction { transaction.begin(element, stream.namespaces) }
        if root == .process { process.begin(element) }
    }

    /// The document's root, or what stands in SOAP's body (09-025r2 §D).
    private mutating func beginRoot(_ element: XMLElement) {
        let name = element.name.local
        if depth == 1, name == "Envelope" { return }
        if depth == 2 { isWrapped = name == "Body" }
        guard depth == 1 || depth == 3 && isWrapped else { return }
        let uri = stream.namespaces.uri(ofPrefix: element.name.prefix) ?? ""
        root = Self.root(name, isCatalogue: uri.contains("/cat/csw"))
        rootDepth = depth
    }

    /// What is none of these writes nothing: a server knows what to do by this name.
    private static func root(_ name: String, isCatalogue: Bool) -> Root {
        switch name {
        case "Transaction": isCatalogue ? .catalogue : .transaction
        case "Harvest": .catalogue
        case "Execute": .process
        case "CreateStoredQuery", "DropStoredQuery": .queries
        default: .read
        }
    }

    /// What the body is, now that it is over; of one that is not whole, what it will have been.
    mutating func finish(unread: ObservedWrite, isWhole: Bool = true) -> WriteRecognition {
        if let form, !isBroken {
            return isWhole ? self.form(form, unread) : .write(unread)
        }
        if !isBroken {
            stream.close()
            read()
            // What SOAP wraps may be done before the envelope is over.
            isUnclosed = rootDepth == 1 && depth > 0
        }
        do throws(XMLError) { try stream.finish() } catch { isBroken = true }
        // Whatever follows, nothing makes a write of it.
        if rootDepth > 0, readsOnly { return .read }
        guard isWhole, !isBroken else { return .write(widened(unread)) }
        switch root {
        // Of an envelope without a letter, too.
        case .read, .none: return saysTransaction ? .write(unread) : .read
        case .process: return .write(Self.execution(isDeferred: process.isDeferred))
        case .queries:
            let target = body.workspace.map { WriteScope.Target.workspace($0) } ?? .everything
            return .write(
                ObservedWrite(
                    WriteScope(target, [.features, .capabilities]), response: .transaction))
        case .catalogue: return .write(ObservedWrite(unread.scope, response: .transaction))
        case .transaction: return .write(written)
        }
    }

    /// It has said enough to be known for a question.
    private var readsOnly: Bool {
        root == .process ? process.isOver && !process.isWrite : root == .read && !saysTransaction
    }

    /// What a transaction touches that was read to its end.
    private var written: ObservedWrite {
        // Were it divisible, whoever is refused something that may touch everything would empty
        // the store.
        if transaction.isLost { return ObservedWrite(.everything, response: .transaction) }
        let scope = transaction.scope
        let isWhole = scope.namesOneLayer || scope.touchesEverything
        // It changes features, and by which style they are drawn it does not.
        return ObservedWrite(
            scope, response: isWhole ? .transaction : .divisible, restyled: .none)
    }

    /// A process may go on after its answer, and what it imports may go anywhere.
    static func execution(isDeferred: Bool) -> ObservedWrite {
        ObservedWrite(.everything, response: .process, isDeferred: isDeferred)
    }

    /// Believes nothing that follows.
    mutating func abandon() { isBroken = true }

    /// What cannot be read to its end may touch all that the path lets it, and what was read.
    private func widened(_ unread: ObservedWrite) -> ObservedWrite {
        if root == .process { return Self.execution(isDeferred: true) }
        if transaction.isLost { return ObservedWrite(.everything, response: .transaction) }
        var wide = unread
        wide.scope.formUnion(transaction.scope)
        if root == .transaction || root == .queries || root == .catalogue {
            wide.response = .transaction
        }
        return wide
    }

    /// Parameters in a body (OGC 04-094 §14.7.1): no service of the pool writes by them, but one
    /// may.
    private func form(_ bytes: [UInt8], _ unread: ObservedWrite) -> WriteRecognition {
        let text = unsafe bytes.span.bytes
        var walk = QueryParameters()
        var requests: [String] = []
        while let parameter = walk.next(in: text) {
            guard PercentCoding.spells(text.extracting(parameter.name), "request") else { continue }
            requests.append(decodedText(text.extracting(parameter.value)).lowercased())
        }
        if requests.contains("execute"), WriteRequest.mayStore(text) {
            return .write(Self.execution(isDeferred: true))
        }
        // One of several parts may be a document.
        let isInParts = bytes.starts(with: [UInt8(ascii: "-"), UInt8(ascii: "-")])
        guard saysTransaction || isInParts || requests.contains("transaction") else {
            // Neither it nor the query says what is asked for: the answer tells.
            let isAsked = body.hasRequest || !requests.isEmpty || bytes.isEmpty
            return isAsked ? .read : .write(unread)
        }
        var write = unread
        if !isInParts,
            let named = NamedTypes.scope(of: [body.query, bytes], body.workspace)
        {
            write.scope = named
        }
        return .write(write)
    }
}

/// Whether a WPS Execute (OGC 05-007r7 §10, 14-065) changes what is served: by a process that
/// imports, or that no name was read of. A result that is kept is new.
struct ProcessReader {
    private var text: String?
    private var stores = false
    private var isNamed = false
    /// The element that began with it has ended.
    private(set) var isOver = false
    private var depth = 0
    /// It may be answered before it is done: asked to store its response or to tell its status (WPS
    /// 1.0), or not to be synchronous (2.0).
    private(set) var isDeferred = false

    var isWrite: Bool { stores || !isNamed }

    mutating func begin(_ element: XMLElement) {
        depth += 1
        if WriteRequest.isTrue(element["storeExecuteResponse"]) { isDeferred = true }
        if WriteRequest.isTrue(element["status"]) { isDeferred = true }
        if let mode = element["mode"], mode != "sync" { isDeferred = true }
        text = element.name.local == "Identifier" ? "" : nil
    }

    mutating func text(_ piece: String) {
        guard let soFar = text else { return }
        if soFar.utf8.count + piece.utf8.count > 256 {
            stores = true
        } else {
            text = soFar + piece
        }
    }

    mutating func end(_ name: XMLName) {
        if let name = text {
            isNamed = true
            if Self.stores(name) { stores = true }
        }
        text = nil
        depth -= 1
        isOver = depth == 0
    }

    /// Whether a process of that name keeps what it makes: `gs:Import`, `gs:StoreCoverage` and
    /// their like (GeoServer's WPS, "GeoServer processes").
    static func stores(_ process: String) -> Bool {
        let name = process.lowercased()
        return ["import", "store", "purge", "delete"].contains { name.contains($0) }
    }
}
