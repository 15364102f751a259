public import HTTP

/// What the edge knows of a viewer beside its request: plain values.
public struct ViewerFacts: Sendable {
    /// Two capital letters of ISO 3166-1, the first in the upper byte; 0: unknown.
    public var country: UInt16 = 0
    public var usesTLS = false
    /// Its own fields of this kind are believed: it is a CloudFront in front of this edge.
    public var isTrusted = false

    public init() {}

    /// The code of two capital letters; nil for anything else.
    public static func country(_ text: RawSpan) -> UInt16? {
        guard text.byteCount == 2 else { return nil }
        let (first, second) = (text[0], text[1])
        guard first &- 65 < 26, second &- 65 < 26 else { return nil }
        return UInt16(first) << 8 | UInt16(second)
    }
}

/// The CloudFront- fields that the edge makes of the connection, the address and User-Agent.
///
/// Source: CloudFront, "Add CloudFront request headers".
public enum GeneratedFields {
    /// Room that `write` needs at most: a trusted viewer's own fields come on top.
    public static var room: Int { 1_024 }

    /// Writes them into `memory`, and where they are into `table`, which is emptied first.
    ///
    /// `address` is the viewer's, with port. Allocates nothing while nobody else holds `table`.
    public static func write(
        _ facts: ViewerFacts, address: RawSpan, _ head: borrowing RequestHead, bytes: RawSpan,
        into memory: UnsafeMutableRawBufferPointer, table: inout HeaderTable
    ) {
        var writer = unsafe HeadWriter(memory)
        table.removeAll()
        if facts.isTrusted { copy(head, bytes, &writer, &table) }
        let device = device(head, bytes)
        let flags: InlineArray<6, (StaticString, DeviceClass)> = [
            ("CloudFront-Is-Android-Viewer", .android), ("CloudFront-Is-Desktop-Viewer", .desktop),
            ("CloudFront-Is-IOS-Viewer", .iOS), ("CloudFront-Is-Mobile-Viewer", .mobile),
            ("CloudFront-Is-SmartTV-Viewer", .smartTV), ("CloudFront-Is-Tablet-Viewer", .tablet),
        ]
        for index in flags.indices {
            let value: StaticString = device.contains(flags[index].1) ? "true" : "false"
            unsafe add(flags[index].0, text(value).bytes, memory, &writer, &table)
        }
        unsafe add(
            "CloudFront-Forwarded-Proto", text(facts.usesTLS ? "https" : "http").bytes, memory,
            &writer,
            &table)
        unsafe add(
            "CloudFront-Viewer-Http-Version", text(head.minorVersion == 0 ? "1.0" : "1.1").bytes,
            memory,
            &writer, &table)
        if address.byteCount > 0 {
            unsafe add("CloudFront-Viewer-Address", address, memory, &writer, &table)
        }
        guard facts.country != 0 else { return }
        let letters: InlineArray<2, UInt8> = [
            UInt8(facts.country >> 8), UInt8(truncatingIfNeeded: facts.country),
        ]
        unsafe add("CloudFront-Viewer-Country", letters.span.bytes, memory, &writer, &table)
    }

    private static func device(_ head: borrowing RequestHead, _ bytes: RawSpan) -> DeviceClass {
        guard let line = head.fields.first(.userAgent) else { return .desktop }
        return DeviceClass(userAgent: bytes.extracting(head.fields[line].value.range))
    }

    private static func text(_ word: StaticString) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    }

    /// What the CloudFront in front of us said already.
    private static func copy(
        _ head: borrowing RequestHead, _ bytes: RawSpan, _ writer: inout HeadWriter,
        _ table: inout HeaderTable
    ) {
        for index in 0..<head.fields.count where head.fields[index].known == .other {
            let field = head.fields[index]
            let name = bytes.extracting(field.name.range)
            guard name.hasPrefixIgnoringCase("cloudfront-") else { continue }
            let start = writer.count
            writer.append(name)
            writer.append(bytes.extracting(field.value.range))
            note(start, name.byteCount, &writer, &table)
        }
    }

    private static func add(
        _ name: StaticString, _ value: RawSpan, _ memory: UnsafeMutableRawBufferPointer,
        _ writer: inout HeadWriter, _ table: inout HeaderTable
    ) {
        let written = unsafe UnsafeRawBufferPointer(memory).bytes
        for index in 0..<table.count
        where unsafe equalsIgnoringCase(
            written.extracting(table[index].name.range), text(name).bytes)
        {
            return
        }
        let start = writer.count
        writer.append(name)
        writer.append(value)
        note(start, name.utf8CodeUnitCount, &writer, &table)
    }

    private static func note(
        _ start: Int, _ nameLength: Int, _ writer: inout HeadWriter, _ table: inout HeaderTable
    ) {
        guard !writer.overflowed else { return }
        let value = start + nameLength
        _ = table.append(
            HeaderField(
                name: ByteSlice(start..<value), value: ByteSlice(value..<writer.count),
                known: .other))
    }
}
