import Caching
import HTTP
import Reactor

/// Which of its target's responses one is (RFC 9111 §4.1).
enum Variant {
    case none
    case one(VariantBytes)
    /// It varies by more than is kept: no request can be shown to match it.
    case untellable

    var bytes: VariantBytes? { if case .one(let bytes) = self { bytes } else { nil } }
}

extension Exchange {
    /// Where an answer to this request belongs.
    ///
    /// - Parameter bytes: what the head's offsets point into.
    func variant(_ answer: borrowing ResponseHead, _ bytes: [UInt8]) -> Variant {
        guard policy.keysVary, answer.fields.contains(.vary) else { return .none }
        guard
            let names = unsafe Vary.names(
                answer, bytes: bytes.span.bytes, for: facts,
                isCodedHere: tagging.isCodedHere, isInKey: isInKey)
        else { return .untellable }
        if names.isEmpty { return .none }
        return variantValues(names).map { .one(VariantBytes(names: names, values: $0)) }
            ?? .untellable
    }

    /// The same of stored fields with newer ones in their place.
    func variant(_ fields: [UInt8]) -> Variant {
        HeaderBlob.withHead(fields) { head, bytes, isWhole in
            isWhole ? variant(head, bytes) : .untellable
        }
    }

    /// Whether what this request found is found under another key by that.
    func isElsewhere(_ variant: VariantBytes?) -> Bool {
        guard policy.keysVary, let primary else { return false }
        return canonical != primary.canonical + (variant?.values ?? [])
    }

    /// Whether an update leaves what was found without a key to be found by.
    ///
    /// An entity tag names one representation of all that its target has (RFC 9110 §8.8.3): one
    /// that was confirmed for this request is this request's, by whatever names it is selected now.
    /// A date may be another variant's as well.
    func losesPlace(_ variant: Variant, isTagged: Bool) -> Bool {
        if case .untellable = variant { return true }
        return !isTagged && isElsewhere(variant.bytes)
    }
}

extension LoopState where N: ~Copyable {
    /// Puts what an exchange found back with newer fields: where it was, or where it is selected by
    /// other names now (RFC 9111 §3.2, §4.1). Its former place is given up then; so is all of it
    /// where a copy of the body is not to be had at once.
    mutating func putBack(
        _ entry: StoredCopy, _ header: EntryHeader, _ fields: [UInt8], _ variant: VariantBytes?,
        _ exchange: Exchange, _ store: Store
    ) {
        if exchange.isElsewhere(variant) {
            let segments = copiedBody(entry)
            exchange.key.map { _ = store.delete($0) }
            guard let segments else { return }
            putVariant(exchange, variant, header, fields, segments, store)
        } else if let body = storeBody(entry) {
            putFound(exchange, header, fields, body, store)
        }
    }

    /// The same for parts that were put together: where the stored one was found, if what came
    /// does not say otherwise.
    mutating func putJoined(
        _ exchange: Exchange, _ header: EntryHeader, _ fields: [UInt8],
        _ segments: [StoreSegment], _ store: Store
    ) {
        let variant = exchange.variant(fields).bytes
        if exchange.isElsewhere(variant) {
            exchange.key.map { _ = store.delete($0) }
            putVariant(exchange, variant, header, fields, segments, store)
        } else {
            putFound(exchange, header, fields, .segments(segments), store)
        }
    }

    private mutating func putFound(
        _ exchange: Exchange, _ header: EntryHeader, _ fields: [UInt8], _ body: StoreBody,
        _ store: Store
    ) {
        guard let key = exchange.key else { return }
        var header = header
        header.varyEpoch = exchange.entry?.header.varyEpoch ?? 0
        put(
            StorePut(
                key: key, header: header, canonicalKey: exchange.canonical, headers: fields,
                body: body), store)
    }
}
