public import HTTP

/// The CloudFront- fields that the edge makes of the connection, the address, the request's head
/// and User-Agent.
///
/// Source: CloudFront, "Add CloudFront request headers".
public enum GeneratedFields {
    static var tls: StaticString { "CloudFront-Viewer-TLS" }
    static var headerOrder: StaticString { "CloudFront-Viewer-Header-Order" }
    static var headerCount: StaticString { "CloudFront-Viewer-Header-Count" }

    /// Characters at which `CloudFront-Viewer-Header-Order` is cut.
    static var headerOrderMax: Int { 7_680 }

    /// Room that `write` needs at most: a trusted viewer's own fields come on top.
    public static var room: Int { room(for: [.place, .tls, .headerOrder, .headerCount]) }

    /// The same for what a behavior asks for.
    public static func room(for needs: GeneratedNeeds) -> Int {
        let place = needs.contains(.place) ? 2_048 : 0
        return 1_024 + place + (needs.contains(.headerOrder) ? 8_192 : 0)
    }

    private static var devices: InlineArray<6, (StaticString, DeviceClass)> {
        [
            ("CloudFront-Is-Android-Viewer", .android), ("CloudFront-Is-Desktop-Viewer", .desktop),
            ("CloudFront-Is-IOS-Viewer", .iOS), ("CloudFront-Is-Mobile-Viewer", .mobile),
            ("CloudFront-Is-SmartTV-Viewer", .smartTV), ("CloudFront-Is-Tablet-Viewer", .tablet),
        ]
    }

    /// Whether there is a field of that name, in whatever case. For configurations.
    static func knows(_ name: String) -> Bool {
        var names: [StaticString] = [
            "CloudFront-Forwarded-Proto", "CloudFront-Viewer-Http-Version",
            "CloudFront-Viewer-Address", "CloudFront-Viewer-Country", tls, headerOrder,
            headerCount, "CloudFront-Error-Uri", "CloudFront-Error-Args",
        ]
        names += ViewerPlace.Field.allCases.map(\.header)
        for index in devices.indices { names.append(devices[index].0) }
        return names.contains { isSameName(name, "\($0)") }
    }

    /// Writes them into `memory`, and where they are into `table`, which is emptied first.
    ///
    /// What a trusted viewer says itself stands; nobody else's word does. Allocates nothing while
    /// nobody else holds `table`.
    ///
    /// - Parameters:
    ///   - needs: what is asked for of the fields that cost something.
    ///   - address: the viewer's, with port.
    ///   - place: the ``ViewerPlace/record`` of where it is.
    ///   - tls: `version:cipher:handshake`; empty without TLS.
    public static func write(
        _ facts: ViewerFacts, _ needs: GeneratedNeeds, address: RawSpan, place: RawSpan,
        tls: RawSpan, _ head: borrowing RequestHead, bytes: RawSpan,
        into memory: UnsafeMutableRawBufferPointer, table: inout HeaderTable
    ) {
        var writer = unsafe HeadWriter(memory)
        table.removeAll()
        if facts.isTrusted { copy(head, bytes, &writer, &table) }
        let (device, devices) = (device(head, bytes), devices)
        for index in devices.indices {
            let value: StaticString = device.contains(devices[index].1) ? "true" : "false"
            unsafe add(devices[index].0, text(value).bytes, memory, &writer, &table)
        }
        let scheme: StaticString = facts.usesTLS ? "https" : "http"
        unsafe add("CloudFront-Forwarded-Proto", text(scheme).bytes, memory, &writer, &table)
        let version: StaticString = head.minorVersion == 0 ? "1.0" : "1.1"
        unsafe add("CloudFront-Viewer-Http-Version", text(version).bytes, memory, &writer, &table)
        if address.byteCount > 0 {
            unsafe add("CloudFront-Viewer-Address", address, memory, &writer, &table)
        }
        if facts.country != 0 {
            let letters: InlineArray<2, UInt8> = [
                UInt8(facts.country >> 8), UInt8(truncatingIfNeeded: facts.country),
            ]
            unsafe add("CloudFront-Viewer-Country", letters.span.bytes, memory, &writer, &table)
        }
        guard !needs.isEmpty else { return }
        if needs.contains(.place) {
            ViewerPlace.forEach(in: place) { field, value in
                unsafe add(field.header, value, memory, &writer, &table)
            }
        }
        if needs.contains(.tls), tls.byteCount > 0 {
            unsafe add(Self.tls, tls, memory, &writer, &table)
        }
        if needs.contains(.headerOrder) { unsafe addOrder(head, bytes, memory, &writer, &table) }
        if needs.contains(.headerCount) { unsafe addCount(head, memory, &writer, &table) }
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

    /// The names of the viewer's fields as they were written, in their order.
    private static func addOrder(
        _ head: borrowing RequestHead, _ bytes: RawSpan, _ memory: UnsafeMutableRawBufferPointer,
        _ writer: inout HeadWriter, _ table: inout HeaderTable
    ) {
        guard head.fields.count > 0, unsafe !holds(headerOrder, memory, table) else { return }
        let start = writer.count
        writer.append(headerOrder)
        var left = headerOrderMax
        for index in 0..<head.fields.count {
            if index > 0, left > 0 {
                writer.append(":")
                left -= 1
            }
            let name = bytes.extracting(head.fields[index].name.range)
            writer.append(name.extracting(first: left))
            left -= min(left, name.byteCount)
        }
        note(start, headerOrder.utf8CodeUnitCount, &writer, &table)
    }

    private static func addCount(
        _ head: borrowing RequestHead, _ memory: UnsafeMutableRawBufferPointer,
        _ writer: inout HeadWriter, _ table: inout HeaderTable
    ) {
        guard unsafe !holds(headerCount, memory, table) else { return }
        let start = writer.count
        writer.append(headerCount)
        writer.appendDecimal(UInt64(head.fields.count))
        note(start, headerCount.utf8CodeUnitCount, &writer, &table)
    }

    private static func add(
        _ name: StaticString, _ value: RawSpan, _ memory: UnsafeMutableRawBufferPointer,
        _ writer: inout HeadWriter, _ table: inout HeaderTable
    ) {
        guard unsafe !holds(name, memory, table) else { return }
        let start = writer.count
        writer.append(name)
        writer.append(value)
        note(start, name.utf8CodeUnitCount, &writer, &table)
    }

    private static func holds(
        _ name: StaticString, _ memory: UnsafeMutableRawBufferPointer,
        _ table: borrowing HeaderTable
    ) -> Bool {
        let written = unsafe UnsafeRawBufferPointer(memory).bytes
        for index in 0..<table.count
        where unsafe equalsIgnoringCase(
            written.extracting(table[index].name.range), text(name).bytes)
        {
            return true
        }
        return false
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
