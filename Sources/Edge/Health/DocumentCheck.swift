import Caching
import HTTP
import Tiles

/// Reads an answer of a map service that is a document, as it comes from a member: whether it is an
/// exception with status 200, and, of capabilities, whether it is whole. GeoServer that fails while
/// it writes them closes nothing, or goes on with an exception in their midst, and says 200.
///
/// Sees the bytes before the edge compresses them. Linear in them; memory is that of
/// `CapabilitiesReader`, and zlib's for a member that compresses.
@safe
final class DocumentCheck {
    /// As much of capabilities is held back until it is known whether they are whole: those of some
    /// thousand layers. Of longer ones the end is looked at only for the store and the member.
    static let heldBytes = 8 << 20

    /// Most bytes that are decompressed; of more nothing is known.
    static let plainBytes = 64 << 20

    private var gzip: GzipReader?
    private let isGzip: Bool
    /// nil: nothing, or nothing more, is known of the document beside its beginning.
    private var reader: CapabilitiesReader?
    private let room: UnsafeMutableRawBufferPointer
    private(set) var prefix: [UInt8] = []
    private var hasBegun = false
    private var breach: TileVerdict?

    /// nil: memory lacks.
    init?(isCapabilities: Bool, isGzip: Bool) {
        self.isGzip = isGzip
        if isGzip {
            guard let gzip = GzipReader(limit: Self.plainBytes) else { return nil }
            self.gzip = consume gzip
        }
        reader = isCapabilities ? CapabilitiesReader() : nil
        unsafe room = .allocate(byteCount: isGzip ? 16_384 : 1, alignment: 16)
    }

    deinit { unsafe room.deallocate() }

    /// The next bytes of the body, without its transfer coding.
    func take(_ bytes: UnsafeRawBufferPointer) {
        guard isGzip else { return unsafe read(bytes) }
        var at = 0
        while at < bytes.count || at == 0 {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[at...])
            guard let step = unsafe try? gzip?.read(rest.bytes, into: room) else {
                // No gzip is nothing that can be judged here.
                gzip = nil
                reader = nil
                return
            }
            unsafe read(UnsafeRawBufferPointer(rebasing: room[..<step.produced]))
            // What could not change the verdict is not worth decompressing.
            if isDecided {
                gzip = nil
                return
            }
            at += step.consumed
            if step.isDone || step.consumed == 0 && step.produced == 0 { return }
        }
    }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        if prefix.count < TileBody.prefixBytes {
            unsafe prefix += bytes.prefix(TileBody.prefixBytes - prefix.count)
        }
        guard reader != nil else { return }
        if !hasBegun, let first = unsafe bytes.first(where: Self.begins) {
            hasBegun = true
            // JSON, or text: another form of capabilities.
            if first < 0x80, first != UInt8(ascii: "<") { reader = nil }
        }
        do throws(CapabilitiesError) { unsafe try reader?.take(bytes.bytes) } catch { note(error) }
    }

    /// Neither white space nor part of a byte order mark.
    private static func begins(_ byte: UInt8) -> Bool {
        byte > 0x20 && ![0xEF, 0xBB, 0xBF, 0xFE, 0xFF].contains(byte)
    }

    /// What another format or another service says is for its client to read.
    private func note(_ error: CapabilitiesError) {
        reader = nil
        switch error {
        case .exception: breach = .exception
        case .malformed(let error) where !error.problem.isLimit: breach = .incomplete
        case .malformed, .notCapabilities, .tooManyLayers: break
        }
    }

    /// Whether more bytes could not change the verdict.
    var isDecided: Bool {
        breach != nil || reader == nil && prefix.count >= TileBody.prefixBytes
    }

    /// - Parameter isComplete: the last byte was taken.
    func verdict(type: RawSpan, isComplete: Bool) -> TileVerdict {
        if isComplete, reader != nil {
            do throws(CapabilitiesError) { _ = try reader?.finish() } catch { note(error) }
            reader = nil
        }
        if let breach { return breach }
        let first = prefix
        let verdict = unsafe TileBody.judge(
            status: 200, contentType: type, prefix: first.span.bytes, length: nil,
            format: .notImage)
        return verdict == .exception ? .exception : .fits
    }
}

extension XMLError.Problem {
    /// It may be well-formed, but is not read that far.
    fileprivate var isLimit: Bool {
        switch self {
        case .encodingUnknown, .documentTypeForbidden, .documentTypeTooLong, .nameTooLong,
            .attributeTooLong, .tooManyAttributes, .tooDeep, .namespacesTooLong,
            .tooManyNamespaces, .textTooLong, .documentTooLong, .entityUnknown:
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
        guard self.head.method == .get, head.status == 200, !head.confirmsStored,
            !head.deniesStored, !head.completes
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
        return DocumentCheck(
            isCapabilities: asksCapabilities, isGzip: coding == .gzip && !isCompressedHere)
    }

    private var asksCapabilities: Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            let path = unsafe bytes.bytes.extracting(head.path.range)
            let query = unsafe bytes.bytes.extracting(head.query.range)
            return MapRequest.classify(path: path, query: query)?.kind == .capabilities
        }
    }
}
