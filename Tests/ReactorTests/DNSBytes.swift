import Reactor

/// A DNS message put together by hand, to be made wrong in any place.
struct DNSBytes {
    var bytes: [UInt8] = []

    /// A header with these flags and counts.
    init(
        identifier: UInt16 = 0x1234, flags: UInt16 = 0x8180, questions: Int = 0, answers: Int = 0,
        authorities: Int = 0, additional: Int = 0
    ) {
        add(identifier)
        add(flags)
        for count in [questions, answers, authorities, additional] { add(UInt16(count)) }
    }

    mutating func add(_ number: UInt16) {
        bytes += [UInt8(number >> 8), UInt8(number & 255)]
    }

    mutating func add(_ number: UInt32) {
        add(UInt16(number >> 16))
        add(UInt16(number & 0xFFFF))
    }

    /// `a.b` and the offset of the name that it ends with; without one the root.
    static func name(_ text: String, then pointer: Int? = nil) -> [UInt8] {
        var name: [UInt8] = []
        for label in text.split(separator: ".") {
            name.append(UInt8(label.utf8.count))
            name += Array(label.utf8)
        }
        guard let pointer else { return name + [0] }
        return name + [0xC0 | UInt8(pointer >> 8), UInt8(pointer & 255)]
    }

    mutating func question(_ name: String, _ type: DNSType) {
        bytes += Self.name(name)
        add(type.rawValue)
        add(UInt16(1))
    }

    /// A record; the offset of its content comes back, for names to point to.
    @discardableResult
    mutating func record(
        _ name: [UInt8], _ type: UInt16, _ content: [UInt8], time: UInt32 = 300, kind: UInt16 = 1
    ) -> Int {
        bytes += name
        add(type)
        add(kind)
        add(time)
        add(UInt16(content.count))
        let offset = bytes.count
        bytes += content
        return offset
    }

    static func service(_ priority: Int, _ weight: Int, _ port: Int, _ target: [UInt8]) -> [UInt8] {
        [priority, weight, port].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + target
    }
}

func readDNS(_ bytes: [UInt8]) throws(DNSError) -> DNSMessage { try DNSMessage(bytes.span.bytes) }

func refusal(_ bytes: [UInt8]) -> DNSError? {
    do throws(DNSError) {
        _ = try readDNS(bytes)
        return nil
    } catch {
        return error
    }
}
