import Caching
import HTTP
import Tiles

/// Reads an answer of a map service that is a document, as it comes from a member: whether it is
/// the one that was asked for, or an exception with status 200, and whether it is whole. GeoServer
/// that fails while it writes closes nothing, or goes on with an exception in the midst, and says
/// 200.
///
/// Sees the bytes before the edge compresses them. Linear in them; memory is that of
/// `CapabilitiesReader`, where it reads these, and zlib's for a member that compresses.
@safe
final class DocumentCheck {
    /// As much of capabilities is held back until it is known whether they are whole: those of some
    /// thousand layers. Of longer ones, and of all other documents, the end is looked at only for
    /// the store and the member.
    static let heldBytes = 8 << 20

    /// Most bytes that are decompressed; of more nothing is known.
    static let plainBytes = 64 << 20

    /// Whether a broken one shows a member that fails. Features may be broken by what was asked of
    /// them: one geometry that cannot be drawn in a reference system.
    let isCapabilities: Bool
    private var gzip: GzipReader?
    private let isGzip: Bool
    private var reading: DocumentReading
    /// nil: nothing more is known of capabilities than `reading` knows.
    private var reader: CapabilitiesReader?
    private let room: UnsafeMutableRawBufferPointer
    private(set) var prefix: [UInt8] = []
    private var breach: TileVerdict?
    /// Its coding could not be read, so that nothing is known of what follows.
    private var isLost = false

    /// nil: memory lacks.
    ///
    /// - Parameter type: the Content-Type; empty where there is none.
    init?(_ asked: AskedDocument, type: RawSpan, isGzip: Bool) {
        self.isGzip = isGzip
        if isGzip {
            guard let gzip = GzipReader(limit: Self.plainBytes) else { return nil }
            self.gzip = consume gzip
        }
        isCapabilities = asked.isCapabilities
        reading = DocumentReading(asked, type: type)
        reader = isCapabilities ? CapabilitiesReader() : nil
        unsafe room = .allocate(byteCount: isGzip ? 16_384 : 1, alignment: 16)
    }

    deinit { unsafe room.deallocate() }

    /// The next bytes of the body, without its transfer coding.
    func take(_ bytes: UnsafeRawBufferPointer) {
        guard isGzip else { return unsafe read(bytes) }
        var at = 0
        // What one step has no room for comes with the next.
        var isFull = true
        while !isLost, at < bytes.count || isFull {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[at...])
            guard let step = unsafe try? gzip?.read(rest.bytes, into: room) else {
                // No gzip is nothing that can be judged here.
                gzip = nil
                isLost = true
                return
            }
            unsafe read(UnsafeRawBufferPointer(rebasing: room[..<step.produced]))
            // What could not change the verdict is not worth decompressing.
            if isSettled {
                gzip = nil
                isLost = breach == nil && reading.verdict(isComplete: false) == .fits
                return
            }
            at += step.consumed
            isFull = unsafe step.produced == room.count
            if step.isDone || step.consumed == 0 && step.produced == 0 { return }
        }
    }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        if prefix.count < TileBody.prefixBytes {
            unsafe prefix += bytes.prefix(TileBody.prefixBytes - prefix.count)
        }
        if isSettled { return }
        unsafe reading.take(bytes.bytes)
        guard reader != nil else { return }
        do throws(CapabilitiesError) { unsafe try reader?.take(bytes.bytes) } catch { note(error) }
    }

    /// What is not read that far may be well-formed all the same, as far as `reading` sees.
    private func note(_ error: CapabilitiesError) {
        reader = nil
        switch error {
        case .exception: breach = .exception
        case .malformed(let error) where !error.problem.isLimit: breach = .incomplete
        // Of wide text `reading` does not see as much.
        case .notCapabilities(let root) where root.lowercased() == "html": breach = .wrongDocument
        case .malformed, .notCapabilities, .tooManyLayers: break
        }
    }

    /// Whether more bytes could not change the verdict.
    private var isSettled: Bool {
        if breach != nil || isLost { return true }
        guard reading.isSettled, prefix.count >= TileBody.prefixBytes else { return false }
        // Text of two bytes a character says nothing to `reading` alone.
        return reader == nil || reading.verdict(isComplete: false) != .fits
    }

    /// Whether it need not be held back any longer: what is wrong with capabilities is told nobody
    /// as good; features go out when their beginning is.
    var isDecided: Bool {
        if isSettled || reading.verdict(isComplete: false) != .fits { return true }
        return !isCapabilities && prefix.count >= TileBody.prefixBytes
    }

    /// - Parameter isComplete: the last byte was taken.
    func verdict(type: RawSpan, isComplete: Bool) -> TileVerdict {
        if isComplete, reader != nil {
            do throws(CapabilitiesError) { _ = try reader?.finish() } catch { note(error) }
            reader = nil
        }
        let first = prefix
        let verdict = unsafe TileBody.judge(
            status: 200, contentType: type, prefix: first.span.bytes, length: nil,
            format: .notImage)
        if verdict == .exception { return .exception }
        let found = reading.verdict(isComplete: isComplete && !isLost)
        return found == .fits ? breach ?? .fits : found
    }
}

extension XMLError.Problem {
    /// It may be well-formed, but is not read that far.
    fileprivate var isLimit: Bool {
        switch self {
        case .encodingUnknown, .encodingContradicted, .documentTypeForbidden,
            .documentTypeTooLong, .nameTooLong, .attributeTooLong, .tooManyAttributes, .tooDeep,
            .namespacesTooLong, .tooManyNamespaces, .textTooLong, .documentTooLong,
            .entityUnknown:
            true
        default: false
        }
    }
}

extension Exchange {
    /// The check of an answer that is a document of a map service; nil: it is none, or is passed on
    /// in a coding that is not read here.
    ///
    /// - Parameter isCompressedHere: the head says gzip, and what comes is plain.
    func documentCheck(_ head: FetchedHead, isCompressedHere: Bool) -> DocumentCheck? {
        // Whatever else is called good may be kept as well, if its server says so.
        let isGood = (200...299).contains(head.status) && head.status != 204 && head.status != 206
        guard self.head.method == .get, isGood, !head.confirmsStored, !head.deniesStored,
            !head.completes
        else { return nil }
        switch policy.mapClass {
        case .tiles, .capabilities, .features: break
        case .pages, .none: return nil
        }
        let requestClass = requestClass
        guard requestClass == .capabilities || requestClass == .features || isLegend else {
            return nil
        }
        let coding = unsafe head.blob.withUnsafeBytes { unsafe NoticedFields.facts($0).coding }
        guard let coding else { return nil }
        let type = head.mediaType
        return unsafe DocumentCheck(
            askedDocument, type: type.span.bytes, isGzip: coding == .gzip && !isCompressedHere)
    }

    private var askedDocument: AskedDocument {
        unsafe bytes.withUnsafeBytes { bytes in
            let path = unsafe bytes.bytes.extracting(head.path.range)
            let query = unsafe bytes.bytes.extracting(head.query.range)
            return AskedDocument(path: path, query: query)
        }
    }
}
