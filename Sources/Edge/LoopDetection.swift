import Caching
import HTTP
import Reactor

/// The Via field: who passed a message on (RFC 9110 §7.6.3).
enum ViaField {
    /// Whether `name` is the whole received-by of one of the members, in any case.
    ///
    /// Comments are skipped, with what commas stand in them; one that never ends hides the rest.
    static func names(_ name: String, in value: ArraySlice<UInt8>) -> Bool {
        var at = value.startIndex
        while at < value.endIndex {
            let protocolEnd = word(value, at)
            let start = space(value, protocolEnd)
            let end = word(value, start)
            if protocolEnd > at, start > protocolEnd, isEqual(name, value[start..<end]) {
                return true
            }
            at = space(value, afterMember(value, end))
        }
        return false
    }

    private static func word(_ value: ArraySlice<UInt8>, _ start: Int) -> Int {
        value[start...].firstIndex { isSpace($0) || $0 == UInt8(ascii: ",") || $0 == 40 }
            ?? value.endIndex
    }

    private static func space(_ value: ArraySlice<UInt8>, _ start: Int) -> Int {
        value[start...].firstIndex { !isSpace($0) } ?? value.endIndex
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    /// Behind the comma that ends the member.
    private static func afterMember(_ value: ArraySlice<UInt8>, _ start: Int) -> Int {
        var depth = 0
        var at = start
        while at < value.endIndex {
            switch value[at] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth = max(0, depth - 1)
            case UInt8(ascii: "\\") where depth > 0: at += 1
            case UInt8(ascii: ",") where depth == 0: return at + 1
            default: break
            }
            at += 1
        }
        return value.endIndex
    }

    private static func isEqual(_ name: String, _ bytes: ArraySlice<UInt8>) -> Bool {
        name.utf8.count == bytes.count
            && zip(name.utf8, bytes).allSatisfy { lowered($0) == lowered($1) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }
}

extension Exchange {
    /// The request was here before: forwarded once more it would come back once more.
    var isLooping: Bool {
        var line = head.fields.first(.via)
        while let index = line {
            if ViaField.names(snapshot.settings.name, in: bytes[head.fields[index].value.range]) {
                return true
            }
            line = head.fields.next(after: index, .via)
        }
        return false
    }
}

extension LoopState where N: ~Copyable {
    /// A request that came back ends here (RFC 9110 §7.6.3 forbids to forward it), before it could
    /// wait for its own fetch. What is stored answers it all the same, and never comes this far.
    mutating func answersLoop(_ exchange: Exchange) -> Bool {
        guard exchange.isLooping else { return false }
        answer(exchange, 508, detail: "loop-detected")
        return true
    }
}
