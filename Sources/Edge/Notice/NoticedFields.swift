import Caching
import HTTP

/// A response's fields as they go out with a page that is not the one they came with.
enum NoticedFields {
    /// What a block of fields says that matters for putting a notice into the page.
    struct Facts: Equatable {
        var isHTML = false
        /// nil: a coding that cannot be read here.
        var coding: NoticeInjection.Coding? = .identity
        /// Content-Language: the first language of the page, empty: not said.
        var language: [UInt8] = []
    }

    static func facts(_ block: UnsafeRawBufferPointer) -> Facts {
        var facts = Facts()
        var isFixed = false
        unsafe forEachLine(block) { name, value, _ in
            switch unsafe KnownField.named(name.bytes) {
            case .contentType:
                facts.isHTML = unsafe spells(value, "text/html", isPrefix: true)
            case .contentEncoding:
                if unsafe spells(value, "gzip") || spells(value, "x-gzip") {
                    facts.coding = .gzip
                } else if unsafe !spells(value, "identity") {
                    facts.coding = nil
                }
            case .contentLanguage: facts.language = unsafe [UInt8](value)
            case .cacheControl:
                var control = CacheControl()
                unsafe control.add(value.bytes)
                if control.flags.contains(.noTransform) { isFixed = true }
            default: break
            }
        }
        // Nothing may be put into what says so (RFC 9110 §7.7).
        if isFixed { facts.isHTML = false }
        return facts
    }

    /// The block without what describes other bytes (lengths, digests, validators: a page with a
    /// notice must never be taken for the one without) and with a lifetime that ends soon.
    ///
    /// What the origin forbids to keep stays forbidden, in its own words; and what it does not
    /// forbid becomes no more than it was, whoever may have asked for it.
    ///
    /// - Parameters:
    ///   - isShared: it is anybody's; else nobody may keep it.
    ///   - keepsValidators: the bytes are the origin's own; only the lifetime changes.
    static func shortened(
        _ block: [UInt8], sMaxage: Milliseconds, isShared: Bool, keepsValidators: Bool = false
    ) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(block.count + 64)
        var forbids = false
        unsafe block.withUnsafeBytes { bytes in
            unsafe forEachLine(bytes) { name, value, line in
                switch unsafe KnownField.named(name.bytes) {
                case .cacheControl:
                    guard unsafe isForbidding(value) else { return }
                    forbids = true
                case .expires, .cdnCacheControl, .surrogateControl, .contentLength, .age,
                    .cacheStatus:
                    return
                case .etag, .lastModified, .acceptRanges:
                    if !keepsValidators { return }
                case .other:
                    if !keepsValidators, unsafe isDigest(name) { return }
                default: break
                }
                unsafe result.append(contentsOf: line)
            }
        }
        if forbids { return result }
        let control = isShared ? "max-age=0, s-maxage=\(max(0, sMaxage) / 1_000)" : "no-store"
        return result + Array("Cache-Control: \(control)\r\n".utf8)
    }

    /// A Date line.
    static func date(_ seconds: Int64) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            var writer = unsafe HeadWriter(UnsafeMutableRawBufferPointer(buffer))
            writer.field("Date", epochSeconds: seconds)
            count = writer.count
        }
    }

    private static func isForbidding(_ value: UnsafeRawBufferPointer) -> Bool {
        // Also with the names of fields behind them.
        let text = unsafe String(decoding: value, as: UTF8.self).lowercased()
        return ["no-store", "private", "no-cache"].contains { text.contains($0) }
    }

    private static func isDigest(_ name: UnsafeRawBufferPointer) -> Bool {
        unsafe spells(name, "content-md5") || spells(name, "digest")
            || spells(name, "content-digest") || spells(name, "repr-digest")
            || spells(name, "signature") || spells(name, "signature-input")
    }

    private static func spells(
        _ text: UnsafeRawBufferPointer, _ word: StaticString, isPrefix: Bool = false
    ) -> Bool {
        let count = word.utf8CodeUnitCount
        guard text.count == count || isPrefix && text.count > count else { return false }
        for index in 0..<count {
            let byte = unsafe text[index]
            guard unsafe (byte &- 0x41 < 26 ? byte | 0x20 : byte) == word.utf8Start[index] else {
                return false
            }
        }
        guard isPrefix, text.count > count else { return true }
        return unsafe [59, 32, 9].contains(text[count])
    }

    /// Name, value without blanks around it, and the line with its end, of each field.
    private static func forEachLine(
        _ block: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) {
        var start = 0
        while start < block.count {
            var end = start
            while end < block.count, unsafe block[end] != 10 { end += 1 }
            end = min(end + 1, block.count)
            var colon = start
            while colon < end, unsafe block[colon] != 58 { colon += 1 }
            var first = min(colon + 1, end)
            var last = end
            while first < last, unsafe block[first] == 32 || block[first] == 9 { first += 1 }
            while last > first, unsafe block[last - 1] <= 32 { last -= 1 }
            unsafe body(
                UnsafeRawBufferPointer(rebasing: block[start..<colon]),
                UnsafeRawBufferPointer(rebasing: block[first..<last]),
                UnsafeRawBufferPointer(rebasing: block[start..<end]))
            start = end
        }
    }
}
