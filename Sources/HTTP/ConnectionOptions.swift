/// What the Connection fields of a head say.
struct ConnectionOptions: OptionSet, Sendable {
    let rawValue: UInt8
    static let close = ConnectionOptions(rawValue: 1)
    static let keepAlive = ConnectionOptions(rawValue: 2)
    static let upgrade = ConnectionOptions(rawValue: 4)
    /// A name that is not hop-by-hop anyway: the field of that name goes no further.
    static let other = ConnectionOptions(rawValue: 8)

    /// Adds the options of all Connection lines; says why they cannot be accepted, if so.
    ///
    /// - Parameter isResponse: an origin has named what Connection may not name (RFC 9110 §7.6.1)
    ///   by mistake, and cannot mean to deceive its own proxy. Only what frames is refused; of
    ///   anything else the mention is passed over, as nginx does, and the field reaches the viewer.
    mutating func add(
        _ fields: borrowing HeaderTable, _ bytes: RawSpan, isResponse: Bool = false
    ) -> HeadRejection? {
        var line = fields.first(.connection)
        while let index = line {
            let value = bytes.extracting(fields[index].value.range)
            if let rejection = add(value, isResponse) { return rejection }
            line = fields.next(after: index, .connection)
        }
        return nil
    }

    private mutating func add(_ value: RawSpan, _ isResponse: Bool) -> HeadRejection? {
        // The two values that nearly every message has.
        if equalsIgnoringCase(value, "keep-alive") {
            insert(.keepAlive)
            return nil
        }
        if equalsIgnoringCase(value, "close") {
            insert(.close)
            return nil
        }
        var list = FieldList()
        while let range = list.next(in: value) {
            let option = value.extracting(range)
            guard isToken(option) else { return .connectionMalformed }
            if equalsIgnoringCase(option, "close") {
                insert(.close)
            } else if equalsIgnoringCase(option, "keep-alive") {
                insert(.keepAlive)
            } else if equalsIgnoringCase(option, "upgrade") {
                insert(.upgrade)
            } else {
                let field = KnownField.named(option)
                let isFraming = field == .contentLength || field == .transferEncoding
                if isFraming || !isResponse && !Self.mayName(option, field) {
                    return .connectionNamesEndToEnd
                }
                if !field.isHopByHop { insert(.other) }
            }
        }
        return nil
    }

    /// Whether a viewer's Connection may name the field: none by which a proxy tells the origin who
    /// asks and how it came, of which one would be the viewer's to remove.
    private static func mayName(_ option: RawSpan, _ field: KnownField) -> Bool {
        guard field == .other else { return field.mayBeConnectionOption }
        switch SpoofableField(option) {
        case .identity, .rewriting, .account, .cloudFront: return false
        case .underscore, .httpoxy, nil: break
        }
        return option.byteCount < 9 || !equalsIgnoringCase(option.extracting(0..<9), "x-amz-cf-")
    }

    /// Whether the connection persists after a message of this version (RFC 9112 §9.3).
    func persists(minorVersion: UInt8) -> Bool {
        !contains(.close) && (minorVersion >= 1 || contains(.keepAlive))
    }
}

extension HeaderTable {
    /// Whether a Connection line names the field whose name stands at `name`.
    func connectionNames(_ name: ByteSlice, in bytes: RawSpan) -> Bool {
        let wanted = bytes.extracting(name.range)
        var line = first(.connection)
        while let index = line {
            if isListed(wanted, in: bytes.extracting(self[index].value.range)) { return true }
            line = next(after: index, .connection)
        }
        return false
    }

    /// The values of all Connection lines as one list, for trailers, which come when the head is
    /// gone.
    func connectionList(in bytes: RawSpan) -> [UInt8] {
        var list: [UInt8] = []
        var line = first(.connection)
        while let index = line {
            for at in self[index].value.range { list.append(bytes.byte(at)) }
            list.append(UInt8(ascii: ","))
            line = next(after: index, .connection)
        }
        return list
    }
}

/// Whether a list of names (RFC 9110 §5.6.1) has this one, in whatever case.
public func isListed(_ name: RawSpan, in list: RawSpan) -> Bool {
    var members = FieldList()
    while let range = members.next(in: list) {
        if equalsIgnoringCase(list.extracting(range), name) { return true }
    }
    return false
}
