import HTTP

/// Reads the response to a write, in pieces of any size as they pass, and says whether it happened.
///
/// A transaction is answered with 200 whatever became of it: WFS 1.0 says SUCCESS, PARTIAL or
/// FAILED (OGC 02-058 §9.3), 1.1 and 2.0 count what was inserted, updated, replaced and deleted
/// (04-094 §12.3, 09-025r2 §15.3), and an exception report means that nothing was done, unless
/// the write is `.divisible`. Content codings must be undone before.
public struct WriteResponseReader: Sendable {
    private enum Root {
        case none, old, new, exception, unknown
        /// It failed while it wrote of its success.
        case halted
    }

    private let form: ObservedWrite.ResponseForm
    private let byStatus: WriteOutcome?
    /// What a response means that tells of no change.
    private let refusal: WriteOutcome
    private var stream: XMLStream
    private var root = Root.none
    private var path: [String] = []
    private var text = ""
    private var isSound = true
    private var status: String?
    private var hasCount = false
    private var hasChange = false
    private var hasInsert = false
    /// A process says that it failed.
    private var hasFailed = false
    /// How it begins: enough to know an exception report in JSON by, or an import's state.
    private var beginning: [UInt8] = []
    private var beginningLength: Int { form == .state ? 65_536 : 512 }

    /// - Parameters:
    ///   - status: of the final response.
    ///   - charset: that of its Content-Type; nil where it has none.
    ///   - isTurnedAway: it redirects to where people sign in, or to where the same request is to
    ///     be sent.
    public init(
        status: Int, form: ObservedWrite.ResponseForm, charset: String? = nil,
        isTurnedAway: Bool = false
    ) {
        self.form = form
        byStatus = WriteOutcome.of(status: status, form: form, isTurnedAway: isTurnedAway)
        refusal = form == .divisible ? .unknown : .refused
        var limits = XMLLimits.stream
        limits.depth = 64
        limits.textBytes = 1 << 20
        limits.documentTypeBytes = 2_048
        stream = XMLStream(limits: limits, charset: charset)
    }

    /// Whether the body need not be read.
    public var isDecided: Bool { byStatus != nil }

    public mutating func take(_ bytes: RawSpan) {
        guard byStatus == nil else { return }
        let missing = min(bytes.byteCount, beginningLength - beginning.count)
        for at in 0..<missing { beginning.append(bytes[at]) }
        guard isSound else { return }
        var at = 0
        while at < bytes.byteCount, isSound {
            let end = min(at + 65_536, bytes.byteCount)
            stream.append(bytes.extracting(at..<end))
            read()
            at = end
        }
    }

    private mutating func read() {
        do throws(XMLError) {
            while let event = try stream.next() {
                switch event {
                case .start(let element): begin(element)
                case .text(let piece):
                    if text.utf8.count < 64, isCount(path.last) { text += piece }
                case .end:
                    end(path.last ?? "")
                    path.removeLast()
                case .needMore: break
                }
            }
        } catch { isSound = false }
    }

    private mutating func begin(_ element: XMLElement) {
        let name = element.name.local
        if root == .none {
            beginRoot(name)
        } else if ["ServiceExceptionReport", "ExceptionReport"].contains(name) {
            root = root == .old || root == .new ? .halted : .unknown
        }
        if name == "ProcessFailed", path.last == "Status" { hasFailed = true }
        path.append(name)
        text = ""
        if path.contains("InsertResults") || path.contains("InsertResult"),
            ["FeatureId", "ResourceId"].contains(name),
            // What GeoServer writes where the schema wants an id and there is none.
            (element.unprefixed("fid") ?? element.unprefixed("rid")) != "none"
        {
            hasInsert = true
        }
        if root == .old, path.dropLast().last == "Status" { status = status == nil ? name : "" }
    }

    /// The root, or what SOAP wraps instead of it (09-025r2 §D).
    private mutating func beginRoot(_ name: String) {
        guard path.allSatisfy({ $0 == "Envelope" || $0 == "Body" }) else { return }
        switch name {
        case "WFS_TransactionResponse": root = .old
        case "TransactionResponse": root = .new
        case "ServiceExceptionReport", "ExceptionReport", "Fault": root = .exception
        case "Envelope" where path.isEmpty, "Header" where path == ["Envelope"],
            "Body" where path == ["Envelope"]:
            break
        // A process was done, or a catalogue filled (OGC 05-007r7 §10.3, 14-065, 07-006r1 §10.12):
        // by a request that was not read.
        case "ExecuteResponse", "StatusInfo", "Result", "HarvestResponse": root = .halted
        default: root = .unknown
        }
    }

    private func isCount(_ name: String?) -> Bool {
        name == "totalInserted" || name == "totalUpdated" || name == "totalReplaced"
            || name == "totalDeleted"
    }

    private mutating func end(_ name: String) {
        guard isCount(name) else { return }
        let digits = text.filter { !$0.isWhitespace }
        hasCount = true
        let isZero = !digits.isEmpty && digits.allSatisfy { $0 == "0" }
        if !isZero { hasChange = true }
        text = ""
    }

    /// What the response says, now that it has ended.
    ///
    /// - Parameter isWhole: it ended as its framing says, and the connection did not just break.
    public mutating func finish(isWhole: Bool) -> WriteOutcome {
        // A status needs no body to be believed, but one that announces success can be cut short.
        if let byStatus { return byStatus }
        if form == .state {
            return isWhole && ImportJob.isComplete(beginning) ? .happened : .refused
        }
        let isSoFar = isSound
        stream.close()
        if isSound { read() }
        do throws(XMLError) { try stream.finish() } catch { isSound = false }
        if form == .doubtful, isOther(isWhole: isWhole || !isSoFar) { return .refused }
        if form == .process, isWhole {
            return isSound && root == .exception || hasFailed ? .refused : .happened
        }
        if root == .none, isWhole, isReportInJSON { return refusal }
        guard isSound, isWhole else { return .unknown }
        switch root {
        case .exception: return refusal
        case .old:
            switch status {
            case "SUCCESS", "PARTIAL": return .happened
            case "FAILED": return hasInsert ? .unknown : refusal
            default: return .unknown
            }
        case .new: return hasCount && !hasChange && !hasInsert ? refusal : .happened
        case .none, .unknown, .halted: return .unknown
        }
    }

    /// GeoServer's `exceptions=application/json` and `text/javascript`: `{"version": ...,
    /// "exceptions": [...]}`, there in a call. No transaction's success is in JSON.
    private var isReportInJSON: Bool {
        guard form == .transaction || form == .divisible else { return false }
        let text = String(decoding: beginning, as: UTF8.self)
        let first = text.first { !$0.isWhitespace }
        return first != "<" && text.contains("{") && text.contains("\"exceptions\"")
    }

    /// Whether it is something else than the answer of a transaction, or of a process.
    ///
    /// - Parameter isWhole: nothing that follows could change that.
    private func isOther(isWhole: Bool) -> Bool {
        switch root {
        case .old, .new, .halted: false
        case .exception, .unknown: true
        // A picture, or a text.
        case .none: isWhole
        }
    }
}
