import HTTP

/// Reads the response to a write, in pieces of any size as they pass, and says whether it happened.
///
/// A transaction is answered with 200 whatever became of it: WFS 1.0 says SUCCESS, PARTIAL or
/// FAILED (OGC 02-058 §9.3), 1.1 and 2.0 count what was inserted, updated, replaced and deleted
/// (04-094 §12.3, 09-025r2 §15.3), and an exception report means that nothing was done, unless
/// the write is `.divisible`. Content codings must be undone before.
public struct WriteResponseReader: Sendable {
    private enum Root { case none, old, new, exception, unknown }

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

    /// - Parameters:
    ///   - status: of the final response.
    ///   - charset: that of its Content-Type; nil where it has none.
    public init(status: Int, form: ObservedWrite.ResponseForm, charset: String? = nil) {
        byStatus = WriteOutcome.of(status: status, form: form)
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
        guard byStatus == nil, isSound else { return }
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
                case .start(let element): begin(element.name.local)
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

    private mutating func begin(_ name: String) {
        if path.isEmpty {
            switch name {
            case "WFS_TransactionResponse": root = .old
            case "TransactionResponse": root = .new
            case "ServiceExceptionReport", "ExceptionReport": root = .exception
            default: root = .unknown
            }
        } else if ["ServiceExceptionReport", "ExceptionReport"].contains(name) {
            // It failed while it wrote of its success.
            root = .unknown
        }
        path.append(name)
        text = ""
        if path.contains("InsertResults") || path.contains("InsertResult"),
            ["FeatureId", "ResourceId"].contains(name)
        {
            hasInsert = true
        }
        if root == .old, path.dropLast().last == "Status" { status = status == nil ? name : "" }
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
        stream.close()
        if isSound { read() }
        do throws(XMLError) { try stream.finish() } catch { isSound = false }
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
        case .none, .unknown: return .unknown
        }
    }
}
