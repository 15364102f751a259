import Caching
import CloudFront
import HTTP
import Reactor

// What viewers get of an origin's fields, where a response headers policy edits them.
extension LoopState where N: ~Copyable {
    /// The fields of a block in wire form, on the slow way. `isMetadata`: those of a 304 only.
    func appendFields(
        _ block: UnsafeRawBufferPointer, _ exchange: Exchange, isMetadata: Bool = false,
        _ writer: inout HeadWriter
    ) {
        if exchange.snapshot.hot[exchange.behavior].traits.contains(.editsResponses) {
            exchange.bytes.withUnsafeBytes {
                appendEdited(
                    block, exchange.behavior, exchange.head, $0, isMetadata: isMetadata,
                    table: exchange.snapshot.hot, &writer)
            }
        } else if isMetadata {
            HeaderBlob.appendMetadata(of: block, to: &writer)
        } else {
            writer.append(bytes: block)
        }
    }

    /// Likewise for a stored response, of whichever behavior the request at hand has.
    func appendEdited(
        _ block: UnsafeRawBufferPointer, _ behavior: Int, _ head: borrowing RequestHead,
        _ bytes: UnsafeRawBufferPointer, isMetadata: Bool, _ writer: inout HeadWriter
    ) {
        appendEdited(
            block, behavior, head, bytes, isMetadata: isMetadata, table: hot, &writer)
    }

    private func appendEdited(
        _ block: UnsafeRawBufferPointer, _ behavior: Int, _ head: borrowing RequestHead,
        _ bytes: UnsafeRawBufferPointer, isMetadata: Bool, table: HotTable,
        _ writer: inout HeadWriter
    ) {
        var block = block
        if isMetadata {
            var metadata = HeadWriter(scratch.generated)
            HeaderBlob.appendMetadata(of: block, to: &metadata)
            block = UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(scratch.generated)[..<metadata.count])
        }
        let now = network.wallNow
        table[behavior].imported?._withUnsafeGuaranteedRef { policies in
            policies.responseHeaders.write(
                block.bytes, request: head, requestBytes: bytes.bytes, to: &writer)
            // CloudFront has a Server and a Date of its own for those that were taken away.
            if policies.responseHeaders.removes(name: "server") {
                writer.append("Server: CloudFront\r\n")
            }
            if policies.responseHeaders.removes(name: "date") {
                writer.field("Date", epochSeconds: now / 1_000)
            }
        }
    }
}

extension ResponseHeadersPolicy {
    fileprivate func removes(name: StaticString) -> Bool {
        removes(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount).bytes)
    }
}
