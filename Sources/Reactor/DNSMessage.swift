/// A response of a DNS server. Source: RFC 1035 §4.
///
/// Pure: bytes in, records out. Memory is linear in the message, which is at most 65,535 bytes.
public struct DNSMessage: Equatable, Sendable {
    /// What the server says of the question. Source: RFC 1035 §4.1.1.
    public enum ResponseCode: Equatable, Sendable {
        case noError
        /// The query was malformed to the server.
        case formatError
        case serverFailure
        /// There is no such name.
        case nameError
        case notImplemented
        case refused
        case other(UInt8)
    }

    /// The query's number, which its response repeats.
    public var identifier: UInt16
    /// The response did not fit; it has to be asked for by TCP.
    public var isTruncated: Bool
    public var responseCode: ResponseCode
    /// The name and type that were asked for; nil where the response does not repeat them.
    public var question: DNSQuestion?
    public var answers: [DNSRecord] = []
    public var authorities: [DNSRecord] = []
    public var additional: [DNSRecord] = []

    /// Reads a whole message; bytes behind its last record are passed over.
    ///
    /// - Throws: if a count, length or name in it is wrong. Nothing is guessed.
    public init(_ bytes: RawSpan) throws(DNSError) {
        var reader = DNSReader(bytes)
        identifier = try reader.uint16()
        let flags = try reader.uint16()
        guard flags & 0x8000 != 0 else { throw .notResponse }
        isTruncated = flags & 0x0200 != 0
        responseCode = ResponseCode(UInt8(flags & 0x0F))
        let questions = try reader.uint16()
        let counts = (try reader.uint16(), try reader.uint16(), try reader.uint16())
        for index in 0..<questions {
            let name = try reader.name()
            let type = try reader.uint16()
            try reader.skip(2)
            if index == 0 { question = DNSQuestion(name: name, type: type) }
        }
        answers = try Self.records(counts.0, &reader)
        authorities = try Self.records(counts.1, &reader)
        additional = try Self.records(counts.2, &reader)
    }

    private static func records(
        _ count: UInt16, _ reader: inout DNSReader
    ) throws(DNSError) -> [DNSRecord] {
        var records: [DNSRecord] = []
        for _ in 0..<count { records.append(try record(&reader)) }
        return records
    }

    private static func record(_ reader: inout DNSReader) throws(DNSError) -> DNSRecord {
        let name = try reader.name()
        let type = try reader.uint16()
        let isInternet = try reader.uint16() == 1
        let time = try reader.uint32()
        let length = Int(try reader.uint16())
        let start = reader.position
        let known = isInternet ? DNSType(rawValue: type) : nil
        let data = try Self.data(known, type, time, length, &reader)
        guard reader.position == start + length else { throw .badRecord(type: type) }
        // A time with its top bit set is none (RFC 2181 §8).
        return DNSRecord(name: name, timeToLive: time >> 31 == 0 ? time : 0, data: data)
    }

    private static func data(
        _ known: DNSType?, _ type: UInt16, _ time: UInt32, _ length: Int, _ reader: inout DNSReader
    ) throws(DNSError) -> DNSData {
        switch known {
        case .a:
            guard length == 4 else { throw .badRecord(type: type) }
            return .ipv4(SocketAddress(ipv4: try reader.uint32(), port: 0))
        case .aaaa:
            guard length == 16 else { throw .badRecord(type: type) }
            let high = try reader.uint64()
            return .ipv6(SocketAddress(high: high, low: try reader.uint64(), port: 0))
        case .cname: return .alias(try reader.name())
        case .srv:
            let priority = try reader.uint16()
            let weight = try reader.uint16()
            let port = try reader.uint16()
            return .service(
                DNSService(
                    priority: priority, weight: weight, port: port, target: try reader.name()))
        case .soa:
            _ = try reader.name()
            _ = try reader.name()
            // Serial, refresh, retry, expire.
            try reader.skip(16)
            let minimum = try reader.uint32()
            let negative = min(minimum, time)
            return .authority(negativeTimeToLive: negative >> 31 == 0 ? negative : 0)
        case nil:
            try reader.skip(length)
            return .other(type: type)
        }
    }
}

/// What was asked of a DNS server. Source: RFC 1035 §4.1.2.
public struct DNSQuestion: Equatable, Sendable {
    /// In lower case and without the closing dot.
    public var name: String
    /// A number of `DNSType`, or another.
    public var type: UInt16

    public init(name: String, type: UInt16) {
        self.name = name
        self.type = type
    }
}

extension DNSMessage.ResponseCode {
    init(_ code: UInt8) {
        switch code {
        case 0: self = .noError
        case 1: self = .formatError
        case 2: self = .serverFailure
        case 3: self = .nameError
        case 4: self = .notImplemented
        case 5: self = .refused
        default: self = .other(code)
        }
    }
}
