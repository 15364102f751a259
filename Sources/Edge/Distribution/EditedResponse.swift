import Caching
import CloudFront
import HTTP
import Reactor

// What viewers get of an origin's fields, where a response headers policy edits them.
extension LoopState where N: ~Copyable {
    /// The fields of a block in wire form, on the slow way. `isMetadata`: those of a 304 only.
    /// `isOwn`: the answer is the edge's, which brings Server and Date itself.
    func appendFields(
        _ block: UnsafeRawBufferPointer, _ exchange: Exchange, isMetadata: Bool = false,
        isOwn: Bool = false, _ writer: inout HeadWriter
    ) {
        if exchange.snapshot.hot[exchange.behavior].traits.contains(.editsResponses) {
            unsafe exchange.bytes.withUnsafeBytes {
                unsafe appendEdited(
                    block, exchange.behavior, exchange.head, $0, isMetadata: isMetadata,
                    isOwn: isOwn, table: exchange.snapshot.hot, &writer)
            }
        } else if isMetadata {
            unsafe HeaderBlob.appendMetadata(of: block, to: &writer)
        } else {
            unsafe writer.append(bytes: block)
        }
    }

    /// Likewise for a stored response, of whichever behavior the request at hand has.
    func appendEdited(
        _ block: UnsafeRawBufferPointer, _ behavior: Int, _ head: borrowing RequestHead,
        _ bytes: UnsafeRawBufferPointer, isMetadata: Bool, _ writer: inout HeadWriter
    ) {
        unsafe appendEdited(
            block, behavior, head, bytes, isMetadata: isMetadata, isOwn: false, table: hot, &writer)
    }

    private func appendEdited(
        _ block: UnsafeRawBufferPointer, _ behavior: Int, _ head: borrowing RequestHead,
        _ bytes: UnsafeRawBufferPointer, isMetadata: Bool, isOwn: Bool, table: HotTable,
        _ writer: inout HeadWriter
    ) {
        var block = unsafe block
        if isMetadata {
            var metadata = unsafe HeadWriter(scratch.generated)
            unsafe HeaderBlob.appendMetadata(of: block, to: &metadata)
            unsafe block = unsafe UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(scratch.generated)[..<metadata.count])
        }
        let now = network.wallNow
        unsafe table[behavior].imported?._withUnsafeGuaranteedRef { policies in
            unsafe policies.responseHeaders.write(
                block.bytes, request: head, requestBytes: bytes.bytes, to: &writer)
            if isOwn { return }
            // CloudFront has a Server and a Date of its own for those that were taken away, and a
            // Server where there was none.
            if table.isTwin || policies.responseHeaders.removes(name: "server"),
                unsafe !policies.responseHeaders.shows("server", of: block.bytes)
            {
                writer.append("Server: CloudFront\r\n")
            }
            if table[behavior].traits.contains(.datesResponses) {
                writer.field("Date", epochSeconds: now / 1_000)
            }
        }
    }
}

extension Exchange {
    /// The policy has a Server of its own for what the edge answers itself.
    var setsServer: Bool {
        imported?.behavior.responseHeaders?.shows("server", of: RawSpan()) ?? false
    }
}

extension ResponseHeadersPolicy {
    func removes(name: StaticString) -> Bool {
        unsafe removes(
            UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount).bytes)
    }
}
