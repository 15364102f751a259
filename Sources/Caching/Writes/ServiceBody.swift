import HTTP
import Tiles

/// The body of a request to an OGC service: a write, or a read that was too long for a query.
struct ServiceBody {
    private enum Root {
        case none, read, transaction, process, queries
        /// Something else, or nothing that can be read.
        case unknown
    }

    private let body: WriteBody
    private let saysTransaction: Bool
    private var stream: XMLStream
    private var root = Root.none
    private var transaction: TransactionReader
    private var process = ProcessReader()
    private var depth = 0
    /// Parameters of a form, as long as nothing shows that it is XML.
    private var form: [UInt8]? = []

    /// Longest form that is read, in bytes.
    private static var formBytesMax: Int { 65_536 }

    init(_ body: WriteBody, saysTransaction: Bool, context: WriteContext) {
        self.body = body
        self.saysTransaction = saysTransaction
        var limits = XMLLimits.stream
        limits.depth = 64
        limits.attributeBytes = 4_096
        stream = XMLStream(limits: limits, charset: body.charset)
        transaction = TransactionReader(context: context, workspace: body.workspace)
    }

    mutating func take(_ bytes: RawSpan) {
        if root == .unknown || bytes.byteCount == 0 { return }
        guard var begun = form else {
            stream.append(bytes)
            read()
            return
        }
        for at in 0..<min(bytes.byteCount, Self.formBytesMax + 1 - begun.count) {
            begun.append(bytes[at])
        }
        // A form begins with the name of a parameter.
        if let first = begun.first, first != UInt8(ascii: "<"), first > 0x20, first < 0x7f {
            form = begun
            if begun.count > Self.formBytesMax { root = .unknown }
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
                case .text(let piece):
                    if root == .transaction { transaction.text(piece) }
                    if root == .process { process.text(piece) }
                case .end(let name):
                    depth -= 1
                    if root == .transaction { transaction.end(name) }
                    if root == .process { process.end(name) }
                case .needMore: break
                }
            }
        } catch { root = .unknown }
    }

    private mutating func begin(_ element: XMLElement) {
        depth += 1
        if depth == 1 {
            let uri = stream.namespaces.uri(ofPrefix: element.name.prefix) ?? ""
            root = Self.root(element.name.local, isCatalogue: uri.contains("/cat/csw"))
        }
        if root == .transaction { transaction.begin(element, stream.namespaces) }
        if root == .process { process.begin(element) }
    }

    private static func root(_ name: String, isCatalogue: Bool) -> Root {
        switch name {
        // A catalogue of metadata: no map is drawn from it, but what it lists may be anything.
        case "Transaction": isCatalogue ? .unknown : .transaction
        case "Execute": .process
        case "CreateStoredQuery", "DropStoredQuery": .queries
        case "GetCapabilities", "DescribeFeatureType", "GetFeature", "GetFeatureWithLock",
            "LockFeature", "GetPropertyValue", "GetGmlObject", "ListStoredQueries",
            "DescribeStoredQueries", "GetMap", "GetFeatureInfo", "GetLegendGraphic",
            "DescribeLayer", "GetStyles", "StyledLayerDescriptor", "GetCoverage",
            "DescribeCoverage", "DescribeEOCoverageSet", "DescribeProcess", "GetRecords",
            "GetRecordById", "DescribeRecord", "GetDomain", "GetStatus", "GetResult":
            .read
        default: .unknown
        }
    }

    /// What the body is, now that it is whole.
    mutating func finish(unread: ObservedWrite) -> WriteRecognition {
        if let form, root != .unknown { return Self.form(form, saysTransaction, unread) }
        if root != .unknown {
            stream.close()
            read()
        }
        let isWhole: Bool
        do throws(XMLError) {
            try stream.finish()
            isWhole = true
        } catch { isWhole = false }
        guard isWhole else { return .write(widened(unread)) }
        switch root {
        case .read: return saysTransaction ? .write(unread) : .read
        case .process:
            let write = ObservedWrite(.everything, isDeferred: process.isDeferred)
            return process.isWrite ? .write(write) : .read
        case .queries:
            let target = body.workspace.map { WriteScope.Target.workspace($0) } ?? .everything
            return .write(
                ObservedWrite(
                    WriteScope(target, [.features, .capabilities]), response: .transaction))
        case .transaction where !transaction.isLost:
            let isOne = transaction.scope.namesOneLayer
            return .write(
                ObservedWrite(transaction.scope, response: isOne ? .transaction : .divisible))
        case .transaction:
            return .write(ObservedWrite(.everything, response: .divisible))
        case .none, .unknown: return .write(widened(unread))
        }
    }

    /// Believes nothing that follows.
    mutating func abandon() { root = .unknown }

    /// What cannot be read to its end may touch all that the path lets it, and what was read.
    private func widened(_ unread: ObservedWrite) -> ObservedWrite {
        if transaction.isLost { return ObservedWrite(.everything, response: .divisible) }
        if process.isWrite { return ObservedWrite(.everything, isDeferred: true) }
        var wide = unread
        wide.scope.formUnion(transaction.scope)
        return wide
    }

    /// Parameters in a body (OGC 04-094 §14.7.1): no service of the pool writes by them, but one
    /// may.
    private static func form(
        _ bytes: [UInt8], _ saysTransaction: Bool, _ unread: ObservedWrite
    ) -> WriteRecognition {
        let text = unsafe bytes.span.bytes
        var walk = QueryParameters()
        var requests: [String] = []
        while let parameter = walk.next(in: text) {
            guard PercentCoding.spells(text.extracting(parameter.name), "request") else { continue }
            requests.append(decodedText(text.extracting(parameter.value)).lowercased())
        }
        // A process may go on after its answer, and what it imports may go anywhere.
        if requests.contains("execute") {
            return .write(ObservedWrite(.everything, isDeferred: true))
        }
        let reads = !requests.contains("transaction")
        // An empty body leaves it to the query, which says of what it is.
        let isNamed = !requests.isEmpty || bytes.isEmpty
        return reads && isNamed && !saysTransaction ? .read : .write(unread)
    }
}

/// Whether a WPS Execute (OGC 05-007r7 §10, 14-065) stores something: by a process that imports, or
/// a result that is kept.
struct ProcessReader {
    private var text: String?
    private(set) var isWrite = false
    /// It may be answered before it is done: asked to store its response or to tell its status (WPS
    /// 1.0), or not to be synchronous (2.0).
    private(set) var isDeferred = false

    mutating func begin(_ element: XMLElement) {
        if WriteRequest.isTrue(element["storeExecuteResponse"]) {
            isWrite = true
            isDeferred = true
        }
        if WriteRequest.isTrue(element["status"]) { isDeferred = true }
        if let mode = element["mode"], mode != "sync" { isDeferred = true }
        text = element.name.local == "Identifier" ? "" : nil
    }

    mutating func text(_ piece: String) {
        guard let soFar = text else { return }
        if soFar.utf8.count + piece.utf8.count > 256 {
            isWrite = true
        } else {
            text = soFar + piece
        }
    }

    mutating func end(_ name: XMLName) {
        if let name = text, Self.stores(name) { isWrite = true }
        text = nil
    }

    /// Whether a process of that name keeps what it makes: `gs:Import`, `gs:StoreCoverage` and
    /// their like (GeoServer's WPS, "GeoServer processes").
    static func stores(_ process: String) -> Bool {
        let name = process.lowercased()
        return ["import", "store", "purge", "delete"].contains { name.contains($0) }
    }
}
