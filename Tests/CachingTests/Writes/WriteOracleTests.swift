import Caching
import Testing
import Tiles

/// What a transaction touches, told by a reader without any cleverness: tag by tag, as far as the
/// text can be taken for XML, and believing all of it.
private struct Oracle {
    enum Claim {
        case everything
        case layer(String)
        case point(String, Double, Double)
    }

    var claims: [Claim] = []
    private var path: [(tag: Substring, name: String, system: String?)] = []
    private var feature: String?
    private var text = ""
    private var updated: (layer: String, identifiers: [String])?

    init(_ bytes: [UInt8]) {
        var rest = String(decoding: bytes, as: UTF8.self)[...]
        while let open = rest.firstIndex(of: "<") {
            text += rest[..<open]
            rest = rest[rest.index(after: open)...]
            var quote: Character?
            let close = rest.firstIndex { character in
                if let end = quote {
                    if character == end { quote = nil }
                } else if character == "'" || character == "\"" {
                    quote = character
                } else {
                    return character == ">"
                }
                return false
            }
            guard let close, take(rest[..<close]) else { return }
            rest = rest[rest.index(after: close)...]
        }
    }

    /// A tag without its brackets; false where it makes no sense.
    private mutating func take(_ tag: Substring) -> Bool {
        guard let first = tag.first, first != "!" else { return false }
        if first == "?" { return true }
        if first == "/" {
            guard let last = path.last, last.tag == tag.dropFirst() else { return false }
            end()
            return true
        }
        let isEmpty = tag.last == "/"
        let body = isEmpty ? tag.dropLast() : tag
        let name = body.prefix { !$0.isWhitespace }
        begin(name, Self.attributes(body.dropFirst(name.count)))
        if isEmpty { end() }
        return true
    }

    private static func attributes(_ text: Substring) -> [String: String] {
        var found: [String: String] = [:]
        var rest = text.drop { $0.isWhitespace }
        while let equals = rest.firstIndex(of: "=") {
            let name = String(rest[..<equals])
            let value = rest[rest.index(after: equals)...]
            guard let quote = value.first, quote == "'" || quote == "\"",
                let end = value.dropFirst().firstIndex(of: quote)
            else { break }
            found[name] = String(value.dropFirst()[..<end])
            rest = value[value.index(after: end)...].drop { $0.isWhitespace }
        }
        return found
    }

    private static func local(_ name: some StringProtocol) -> String {
        String(name.split(separator: ":").last ?? "")
    }

    private mutating func begin(_ tag: Substring, _ attributes: [String: String]) {
        let name = Self.local(tag)
        path.append((tag, name, attributes["srsName"] ?? path.last?.system))
        text = ""
        guard path[0].name == "Transaction" else { return }
        if path.count == 2 {
            switch name {
            case "Insert", "Replace", "LockId": break
            case "Update", "Delete": updated = (Self.local(attributes["typeName"] ?? ""), [])
            default: claims.append(.everything)
            }
        } else if path.count == 3, ["Insert", "Replace"].contains(path[1].name) {
            feature = name
        } else if name == "FeatureId" {
            updated?.identifiers.append(attributes["fid"] ?? "")
        }
    }

    private mutating func end() {
        let element = path.removeLast()
        if element.name == "pos", let feature {
            let numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
            if numbers.count == 2, let x = numbers[0], let y = numbers[1] {
                switch element.system {
                case "EPSG:4326": claims.append(.point(feature, x, y))
                case "urn:ogc:def:crs:EPSG::4326": claims.append(.point(feature, y, x))
                default: claims.append(.layer(feature))
                }
            } else {
                claims.append(.layer(feature))
            }
        }
        if path.count == 2 { feature = nil }
        if path.count == 1, let ended = updated {
            let isProbe =
                !ended.identifiers.isEmpty && ended.identifiers.allSatisfy { $0 == "garbage_id" }
            if !isProbe { claims.append(.layer(ended.layer)) }
            updated = nil
        }
        text = ""
    }
}

@Suite("Writes: a scope is never narrower than what a naive reader sees")
struct WriteOracleTests {
    private static func operation(_ lot: inout Lot) -> String {
        let layer = ["f:X", "topp:Y", "f:Z"][lot.below(3)]
        switch lot.below(6) {
        case 0:
            return
                "<wfs:Delete typeName='\(layer)'><ogc:Filter><ogc:FeatureId fid='X.1'/></ogc:Filter></wfs:Delete>"
        case 1: return TransactionTests.probe
        case 2:
            return
                "<wfs:Update typeName='\(layer)'><wfs:Property><wfs:Name>a</wfs:Name><wfs:Value>1</wfs:Value></wfs:Property></wfs:Update>"
        default:
            let system = ["EPSG:4326", "urn:ogc:def:crs:EPSG::4326"][lot.below(2)]
            let points = (0...lot.below(3)).map { _ in
                "<gml:pointMember><gml:Point><gml:pos>\(lot.below(180) - 90) \(lot.below(180) - 90)</gml:pos></gml:Point></gml:pointMember>"
            }
            return Writes.insert(
                "<gml:MultiPoint srsName='\(system)'>\(points.joined())</gml:MultiPoint>",
                into: layer)
        }
    }

    private static func body(_ lot: inout Lot) -> [UInt8] {
        Array(Writes.transaction((0...lot.below(5)).map { _ in operation(&lot) }.joined()).utf8)
    }

    private static func mutated(_ body: [UInt8], _ lot: inout Lot) -> [UInt8] {
        var bytes = body
        for _ in 0...lot.below(3) {
            let at = lot.below(bytes.count)
            let end = min(at + 1 + lot.below(60), bytes.count)
            switch lot.below(6) {
            case 0: bytes[at] = UInt8(lot.below(256))
            case 1: bytes[at] = Array("0123456789<>/='\" :-.eXYZ".utf8)[lot.below(24)]
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: lot.below(bytes.count))
            case 4: bytes.removeSubrange(at...)
            default: bytes[at] ^= 1 << UInt8(lot.below(8))
            }
            if bytes.isEmpty { return [0x3c] }
        }
        return bytes
    }

    private static func check(_ bytes: [UInt8], at number: Int) {
        var scope = WriteScope()
        if case .write(let write) = Writes.read(bytes) { scope = write.scope }
        let far = WriteScopeTests.box(179, -89.9, 0.01)
        for claim in Oracle(bytes).claims {
            let isTouched =
                switch claim {
                case .everything:
                    scope.touches(
                        layer: LayerName("no:such"), box: far, style: nil, kind: .tiles)
                case .layer(let name):
                    name.isEmpty
                        || scope.touches(
                            layer: LayerName(workspace: nil, name), box: far, style: nil,
                            kind: .tiles)
                case .point(let name, let x, let y):
                    scope.touches(
                        layer: LayerName(workspace: nil, name),
                        box: CoordinateSystem.longitudeLatitude.box((x, y), (x, y), of: .picture),
                        style: nil, kind: .tiles)
                }
            #expect(
                isTouched, "run \(number): \(claim) of \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test("sound, mutated and cut transactions", arguments: [11, 12, 13] as [UInt64])
    func oracle(_ seed: UInt64) {
        var lot = Lot(state: seed)
        for number in 0..<250 {
            let body = Self.body(&lot)
            Self.check(body, at: number)
            Self.check(Self.mutated(body, &lot), at: number)
            Self.check(Array(body[..<lot.below(body.count)]), at: number)
        }
    }

    @Test("of sound transactions it is not much wider either")
    func precision() {
        var lot = Lot(state: 5)
        var far = 0
        for _ in 0..<200 {
            let text = Writes.transaction(
                (0..<3).map { _ in Writes.insert(TransactionTests.point) }.joined())
            guard case .write(let write) = Writes.read(text) else { continue }
            let (x, y) = (Double(lot.below(340) - 170), Double(lot.below(160) - 80))
            let place = WriteScopeTests.box(x, y, 0.5)
            if !write.scope.touches(
                layer: LayerName("geonode:X"), box: place, style: nil, kind: .tiles)
            {
                far += 1
            }
        }
        #expect(far > 190)
    }
}
