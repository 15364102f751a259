/// Addresses as text, both ways, without allocation where bytes are given.
extension SocketAddress: CustomStringConvertible {
    /// Longest text: 39 bytes of address, 11 of zone, 8 of brackets and port.
    public static var textLengthMax: Int { 58 }

    /// Reads an address without a port: `192.0.2.1`, `2001:db8::1`, `fe80::1%2`.
    ///
    /// Strict: IPv4 in four decimal parts without leading zeros; a zone is the interface's number.
    /// Source: RFC 4291 §2.2, RFC 4007 §11, RFC 6943 §3.1.1.
    public init?(ip bytes: RawSpan, port: UInt16 = 0) {
        var position = 0
        if let ipv4 = bytes.ipv4(&position), position == bytes.byteCount {
            self.init(ipv4: ipv4, port: port)
            return
        }
        position = 0
        guard let (high, low) = bytes.ipv6(&position) else { return nil }
        var scope: UInt32 = 0
        if bytes.skip(0x25, &position) {
            guard let zone = bytes.decimal(max: .max, &position) else { return nil }
            scope = zone
        }
        guard position == bytes.byteCount else { return nil }
        self.init(high: high, low: low, scope: scope, port: port)
    }

    /// Reads an address without a port.
    public init?(ip text: String) {
        unsafe self.init(ip: text.utf8Span.span.bytes)
    }

    /// Reads an address with its port: `192.0.2.1:80`, `[2001:db8::1]:80`.
    public init?(_ text: String) {
        let bytes = unsafe text.utf8Span.span.bytes
        guard let colon = bytes.last(0x3A) else { return nil }
        var position = colon + 1
        guard let port = bytes.decimal(max: 65_535, &position), position == bytes.byteCount
        else { return nil }
        let isBracketed =
            colon > 2 && bytes.byte(at: 0) == 0x5B
            && bytes.byte(at: colon - 1) == 0x5D
        let host = bytes.extracting(isBracketed ? 1..<(colon - 1) : 0..<colon)
        // An IPv6 address has brackets, lest its last group be taken for the port.
        guard isBracketed == (host.last(0x3A) != nil) else { return nil }
        self.init(ip: host, port: UInt16(truncatingIfNeeded: port))
    }

    /// Writes the address without its port, as RFC 5952 §4 asks.
    ///
    /// - Parameter bytes: at least ``textLengthMax`` bytes of the caller's.
    /// - Returns: how many were written.
    public func writeIP(to bytes: UnsafeMutableRawBufferPointer) -> Int {
        var writer = unsafe AddressWriter(bytes)
        writeIP(&writer)
        return writer.count
    }

    /// Writes the address with its port, an IPv6 one in brackets.
    ///
    /// - Parameter bytes: at least ``textLengthMax`` bytes of the caller's.
    /// - Returns: how many were written.
    public func write(to bytes: UnsafeMutableRawBufferPointer) -> Int {
        var writer = unsafe AddressWriter(bytes)
        if !isIPv4 { writer.put(0x5B) }
        writeIP(&writer)
        if !isIPv4 { writer.put(0x5D) }
        writer.put(0x3A)
        writer.put(decimal: UInt32(port))
        return writer.count
    }

    /// The address without its port.
    public var ipText: String { unsafe text { unsafe writeIP(to: $0) } }

    /// The address with its port.
    public var description: String { unsafe text { unsafe write(to: $0) } }

    private func text(_ write: (UnsafeMutableRawBufferPointer) -> Int) -> String {
        unsafe String(unsafeUninitializedCapacity: Self.textLengthMax) {
            unsafe write(UnsafeMutableRawBufferPointer($0))
        }
    }

    private func writeIP(_ writer: inout AddressWriter) {
        if isIPv4 {
            writer.put(ipv4: ipv4)
            return
        }
        writer.put(high: high, low: low)
        if scope != 0 {
            writer.put(0x25)
            writer.put(decimal: scope)
        }
    }
}
