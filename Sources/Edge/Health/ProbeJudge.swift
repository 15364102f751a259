import HTTP
public import Tiles

/// Reads the answer to a check as it comes and says what it is worth: pure, no clock, no socket.
///
/// Nothing of a body is kept but what its kind needs: of a picture its first and last bytes, of
/// capabilities the names of layers, of text as much as the sought one is long.
struct ProbeJudge {
    private let check: CheckSettings
    private let limit: Int
    /// Not yet dealt with: a head in parts, or what stands before the next chunk.
    private var pending: [UInt8] = []
    private var head = ResponseHead()
    private var scan = HeadScan()
    private var hasHead = false
    private var intake = ResponseIntake()
    private var content: ProbeContent
    private var length = 0
    /// Whether a byte has come.
    private(set) var hasBegun = false

    /// - Parameters:
    ///   - check: what was asked.
    ///   - limit: the longest body that is read, in bytes.
    init(_ check: CheckSettings, limit: Int) {
        self.check = check
        self.limit = limit
        content = ProbeContent(check, limit: limit)
    }

    /// Takes the bytes that follow the ones before; a result as soon as it is certain.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> ProbeResult? {
        guard unsafe !bytes.isEmpty else { return nil }
        hasBegun = true
        unsafe pending.append(contentsOf: bytes)
        if !hasHead, let result = takeHead() { return result }
        return hasHead ? takeBody() : nil
    }

    /// The member said that it has no more to say.
    mutating func endOfStream() -> ProbeResult {
        guard hasHead else { return ProbeResult(hasBegun ? .malformed : .silent) }
        return intake.endOfStream() ? content.finish() : ProbeResult(.cutShort)
    }

    /// The connection broke.
    func broke() -> ProbeResult {
        ProbeResult(hasHead ? .cutShort : hasBegun ? .malformed : .silent)
    }

    /// The check's time is over.
    func timedOut() -> ProbeResult { ProbeResult(hasHead ? .slow : .silent) }

    private mutating func takeHead() -> ProbeResult? {
        while !hasHead {
            let received = pending
            let result = unsafe parseResponse(
                received.span.bytes, &scan, limits: .response, toHead: false, into: &head)
            switch result {
            case .needMore: return nil
            case .rejected: return ProbeResult(.malformed)
            case .complete:
                let bytes = Array(received[..<head.length])
                pending.removeFirst(head.length)
                scan = HeadScan()
                if head.isInterim { continue }
                hasHead = true
                intake.begin(head.framing)
                if let finding = content.begin(head, bytes) { return ProbeResult(finding) }
            }
        }
        return nil
    }

    private mutating func takeBody() -> ProbeResult? {
        var consumed = 0
        var finding: ProbeFinding?
        let received = pending
        unsafe received.withUnsafeBytes { bytes in
            while finding == nil, let range = unsafe intake.next(bytes, consumed: &consumed) {
                length += range.count
                guard length <= limit else {
                    finding = .tooLong(limit: limit)
                    break
                }
                finding = unsafe content.take(UnsafeRawBufferPointer(rebasing: bytes[range]).bytes)
            }
        }
        pending.removeFirst(consumed)
        if let finding { return ProbeResult(finding) }
        if intake.isMalformed { return ProbeResult(.malformed) }
        return intake.isComplete ? content.finish() : nil
    }
}

/// The body of an answer, by the kind of its check.
private enum ProbeContent {
    case nothing
    case text(TextSearch, status: ClosedRange<Int>)
    case map(MapSample)
    case capabilities(CapabilitiesReader, minimum: Int, layers: [String])

    init(_ check: CheckSettings, limit: Int) {
        switch check.kind {
        case .connect: self = .nothing
        case .http(let status, let body): self = .text(TextSearch(body), status: status)
        case .map: self = .map(MapSample(target: check.target))
        case .capabilities(let minimum, let layers):
            self = .capabilities(
                CapabilitiesReader(documentBytes: limit), minimum: minimum, layers: layers)
        }
    }

    /// What the head alone is wrong in.
    mutating func begin(_ head: borrowing ResponseHead, _ bytes: [UInt8]) -> ProbeFinding? {
        let expected: ClosedRange<Int> =
            if case .text(_, let status) = self { status } else { 200...200 }
        guard expected.contains(head.status) else { return .status(head.status) }
        if case .map(var sample) = self {
            if let index = head.fields.first(.contentType) {
                sample.type = Array(bytes[head.fields[index].value.range])
            }
            self = .map(sample)
        }
        return nil
    }

    mutating func take(_ bytes: RawSpan) -> ProbeFinding? {
        switch self {
        case .nothing: break
        case .text(var search, let status):
            // The copy in `self` is given up first, lest each piece copy the search.
            self = .nothing
            search.take(bytes)
            self = .text(search, status: status)
        case .map(var sample):
            self = .nothing
            sample.take(bytes)
            self = .map(sample)
        case .capabilities(var reader, let minimum, let layers):
            self = .nothing
            do throws(CapabilitiesError) {
                try reader.take(bytes)
            } catch {
                return .capabilities(error)
            }
            self = .capabilities(reader, minimum: minimum, layers: layers)
        }
        return nil
    }

    mutating func finish() -> ProbeResult {
        switch self {
        case .nothing: return ProbeResult(.passed)
        case .text(let search, _): return ProbeResult(search.isFound ? .passed : .textMissing)
        case .map(let sample): return ProbeResult(sample.finding)
        case .capabilities(var reader, let minimum, let layers):
            do throws(CapabilitiesError) {
                let told = try reader.finish()
                return ProbeResult(Self.judge(told, minimum, layers), told)
            } catch {
                return ProbeResult(.capabilities(error))
            }
        }
    }

    private static func judge(_ told: Capabilities, _ minimum: Int, _ layers: [String])
        -> ProbeFinding
    {
        if let missing = layers.first(where: { !told.layers.contains($0) }) {
            return .layerMissing(missing)
        }
        guard told.layers.count >= minimum else {
            return .fewLayers(told.layers.count, wanted: minimum)
        }
        return .passed
    }
}

/// Looks for bytes in what comes in pieces.
private struct TextSearch {
    private let wanted: [UInt8]
    private var last: [UInt8] = []
    private(set) var isFound: Bool

    init(_ wanted: [UInt8]) {
        self.wanted = wanted
        isFound = wanted.isEmpty
    }

    mutating func take(_ bytes: RawSpan) {
        guard !isFound else { return }
        last += unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        var at = 0
        while !isFound, at + wanted.count <= last.count {
            isFound =
                last[at] == wanted[0]
                && last[at..<(at + wanted.count)].elementsEqual(wanted)
            at += 1
        }
        // What may be the beginning of the text whose rest comes next.
        last.removeFirst(max(0, last.count - wanted.count + 1))
    }
}

/// What of a picture shows whether it is the one that was asked for.
private struct MapSample {
    let format: MapFormat
    let size: (width: Int, height: Int)?
    var type: [UInt8] = []
    private var first: [UInt8] = []
    private var last: [UInt8] = []
    private var length = 0

    init(target: String) {
        let request = MapTarget(target)
        format = request?.format ?? .unstated
        size = request?.size
    }

    mutating func take(_ bytes: RawSpan) {
        length += bytes.byteCount
        if first.count < ImageCheck.headBytes {
            let rest = bytes.extracting(first: ImageCheck.headBytes - first.count)
            first += unsafe rest.withUnsafeBytes { unsafe Array($0) }
        }
        last += unsafe bytes.extracting(last: ImageCheck.tailBytes).withUnsafeBytes {
            unsafe Array($0)
        }
        if last.count > ImageCheck.tailBytes {
            last.removeFirst(last.count - ImageCheck.tailBytes)
        }
    }

    var finding: ProbeFinding {
        let verdict = unsafe TileBody.judge(
            status: 200, contentType: type.span.bytes, prefix: first.span.bytes,
            length: UInt64(length), format: format)
        guard verdict == .fits else { return .content(verdict) }
        let image = unsafe ImageCheck(format: format, size: size).check(
            head: first.span.bytes, tail: last.span.bytes, length: length)
        return image.isWhole ? .passed : .image(image)
    }
}

/// What a check's target asks a map service for.
public struct MapTarget: Sendable {
    /// The picture's format.
    public var format: MapFormat
    /// Its size in pixels; nil where the target does not say: a tile's is its grid's.
    public var size: (width: Int, height: Int)?

    /// nil: it asks for no picture.
    public init?(_ target: String) {
        let bytes = Array(target.utf8)
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let path = Array(bytes[..<mark])
        let query = Array(bytes[mark...].dropFirst())
        guard
            let request = unsafe MapRequest.classify(
                path: path.span.bytes, query: query.span.bytes),
            request.kind == .map, request.format.isImage
        else { return nil }
        format = request.format
        if request.service == .wms {
            size = (Int(request.width), Int(request.height))
        }
    }
}
