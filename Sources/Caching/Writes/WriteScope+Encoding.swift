import Tiles

/// The bytes of a scope, version 1 to 5; all numbers little-endian.
///
/// ```
/// version u8   flags u8 (1: hard)   parts u16
/// of each part:
///   target u8 (0 everything, 1 workspace, 2 layer, 3 style, 4 page; +16: with a workspace)
///   kinds u16   boxes u16   lengths of workspace and name u16, u16   workspace   name
///   of each box: west i32, south i32, east i32, north i32, in millionths of a degree
///   version 2: selection u8 (1 levels, 2 time, 4 style, 8 style's workspace), of those that are
///     there: lowest and highest level u8, u8; length u16 and text of time, name and workspace
///   version 3: selection further 16 (grid set), 32 (format): behind those length u16 and text, u8
/// ```
///
/// Version 2 is written where a part selects tiles, and only there; version 3 where one selects
/// grid sets or formats; version 4, which has a target 5 (style, by its name), where there is one;
/// version 5, whose selections may have 64 (what names no style is not meant), likewise.
///
/// Who keeps them keeps a checksum beside them. The layout of a version never changes.
extension WriteScope {
    public static var version: UInt8 { 5 }
    /// Most bytes that a scope may have; more mean everything.
    public static var byteLimit: Int { 16_000 }

    /// The scope as bytes; one that is too long is written as everything, of the same kinds.
    public var encoded: [UInt8] {
        let bytes = written
        if bytes.count <= Self.byteLimit { return bytes }
        let kinds = parts.reduce(EntryKinds()) { $0.union($1.kinds) }
        return WriteScope(.everything, kinds, isHard: isHard).written
    }

    /// The lowest version that can say it.
    private var neededVersion: UInt8 {
        if parts.contains(where: { $0.selection.isStyleNamed }) { return 5 }
        if parts.contains(where: { $0.target.isNamedStyle }) { return 4 }
        if parts.contains(where: { !$0.selection.isOfAnyKind }) { return 3 }
        return parts.contains { !$0.selection.isAll } ? 2 : 1
    }

    private var written: [UInt8] {
        let version = neededVersion
        var bytes: [UInt8] = [version, isHard ? 1 : 0]
        Self.put(UInt16(parts.count), &bytes)
        for part in parts {
            let (tag, workspace, name) = part.target.fields
            bytes.append(tag)
            Self.put(part.kinds.rawValue, &bytes)
            Self.put(UInt16(part.boxes.count), &bytes)
            Self.put(UInt16(workspace.utf8.count), &bytes)
            Self.put(UInt16(name.utf8.count), &bytes)
            bytes += workspace.utf8
            bytes += name.utf8
            for box in part.boxes {
                for edge in [box.west, box.south, box.east, box.north] {
                    Self.put(UInt32(bitPattern: edge), &bytes)
                }
            }
            if version > 1 { Self.put(part.selection, &bytes) }
        }
        return bytes
    }

    private static func put(_ selection: TileSelection, _ bytes: inout [UInt8]) {
        let style = selection.style
        let texts = [selection.time, style?.name, style?.workspace]
        var flags: UInt8 = selection.levels == nil ? 0 : 1
        for (index, text) in texts.enumerated() where text != nil { flags |= 2 << UInt8(index) }
        flags |= (selection.gridSet == nil ? 0 : 16) | (selection.format == nil ? 0 : 32)
        flags |= selection.isStyleNamed ? 64 : 0
        bytes.append(flags)
        if let levels = selection.levels { bytes += [levels.lowerBound, levels.upperBound] }
        for text in (texts + [selection.gridSet]).compactMap(\.self) {
            put(UInt16(text.utf8.count), &bytes)
            bytes += text.utf8
        }
        if let format = selection.format { bytes.append(format.rawValue) }
    }

    /// Reads what `encoded` wrote; nil if it is anything else, and then everything is meant.
    public init?(encoded bytes: RawSpan) {
        var reader = ScopeBytes(count: bytes.byteCount)
        guard let version = reader.number(1, in: bytes), 1...UInt32(Self.version) ~= version,
            let flags = reader.number(1, in: bytes), flags <= 1,
            let count = reader.number(2, in: bytes), count <= UInt32(Self.partLimit)
        else { return nil }
        self.init()
        for _ in 0..<count {
            guard let part = reader.part(in: bytes, version: version) else { return nil }
            let before = parts.count
            insert(part)
            // A part that says nothing new was not written by `encoded`.
            guard parts.count == before + 1, parts[before] == part else { return nil }
        }
        // Neither was a higher version than it takes.
        guard reader.isAtEnd, version == UInt32(neededVersion) else { return nil }
        isHard = flags == 1
    }

    private static func put<Number: FixedWidthInteger>(_ number: Number, _ bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension WriteScope.Target {
    fileprivate var fields: (tag: UInt8, workspace: String, name: String) {
        switch self {
        case .everything: (0, "", "")
        case .workspace(let name): (1, "", name)
        case .layer(let name):
            (name.workspace == nil ? 2 : 18, name.workspace ?? "", name.name)
        case .style(let name):
            (name.workspace == nil ? 3 : 19, name.workspace ?? "", name.name)
        case .namedStyle(let name):
            (name.workspace == nil ? 5 : 21, name.workspace ?? "", name.name)
        case .page(let path): (4, "", path)
        }
    }

    fileprivate var isNamedStyle: Bool {
        if case .namedStyle = self { return true }
        return false
    }

    fileprivate init?(tag: UInt32, workspace: String, name: String) {
        let hasWorkspace = tag & 16 != 0
        guard hasWorkspace || workspace.isEmpty else { return nil }
        let layer = LayerName(workspace: hasWorkspace ? workspace : nil, name)
        switch tag {
        case 0: self = .everything
        case 1: self = .workspace(name)
        case 2, 18: self = .layer(layer)
        case 3, 19: self = .style(layer)
        case 4: self = .page(name)
        case 5, 21: self = .namedStyle(layer)
        default: return nil
        }
        guard (tag == 0) == name.isEmpty else { return nil }
    }
}

/// A place in the bytes of a scope; total.
private struct ScopeBytes {
    private var at = 0
    private let count: Int

    init(count: Int) { self.count = count }

    var isAtEnd: Bool { at == count }

    mutating func number(_ width: Int, in bytes: RawSpan) -> UInt32? {
        guard count - at >= width else { return nil }
        var number: UInt32 = 0
        for offset in 0..<width { number |= UInt32(bytes[at + offset]) << (8 * offset) }
        at += width
        return number
    }

    private mutating func text(_ length: UInt32, in bytes: RawSpan) -> String? {
        guard count - at >= Int(length) else { return nil }
        let text = (at..<at + Int(length)).map { bytes[$0] }
        at += Int(length)
        return String(validating: text, as: UTF8.self)
    }

    /// nil: it is none that `put` would write.
    private mutating func selection(in bytes: RawSpan, version: UInt32) -> TileSelection? {
        guard let flags = number(1, in: bytes), flags < (version > 4 ? 128 : version > 2 ? 64 : 16),
            flags & 12 != 8, flags & 68 != 64
        else { return nil }
        var levels: ClosedRange<UInt8>?
        if flags & 1 != 0 {
            guard let lowest = number(1, in: bytes), let highest = number(1, in: bytes),
                lowest <= highest
            else { return nil }
            levels = UInt8(lowest)...UInt8(highest)
        }
        var texts: [String?] = [nil, nil, nil, nil]
        for index in 0..<4 where flags & 2 << UInt32(index) != 0 {
            guard let length = number(2, in: bytes), let text = text(length, in: bytes) else {
                return nil
            }
            texts[index] = text
        }
        let style = texts[1].map { LayerName(workspace: texts[2], $0) }
        var selection = TileSelection(levels: levels, time: texts[0], style: style)
        selection.gridSet = texts[3]
        selection.isStyleNamed = flags & 64 != 0
        if flags & 32 != 0 {
            guard let code = number(1, in: bytes), let format = MapFormat(rawValue: UInt8(code))
            else { return nil }
            selection.format = format
        }
        return selection.time == texts[0] ? selection : nil
    }

    mutating func part(in bytes: RawSpan, version: UInt32) -> WriteScope.Part? {
        guard let tag = number(1, in: bytes), let kinds = number(2, in: bytes),
            EntryKinds.all.reach.isSuperset(of: EntryKinds(rawValue: UInt16(kinds))), kinds != 0,
            let boxCount = number(2, in: bytes), boxCount <= UInt32(WriteScope.boxLimit),
            let workspaceLength = number(2, in: bytes), let nameLength = number(2, in: bytes),
            let workspace = text(workspaceLength, in: bytes),
            let name = text(nameLength, in: bytes),
            let target = WriteScope.Target(tag: tag, workspace: workspace, name: name)
        else { return nil }
        var boxes: [GeographicBox] = []
        for _ in 0..<boxCount {
            var edges: [Int32] = []
            for _ in 0..<4 {
                guard let edge = number(4, in: bytes) else { return nil }
                edges.append(Int32(bitPattern: edge))
            }
            guard
                let box = GeographicBox(
                    west: edges[0], south: edges[1], east: edges[2], north: edges[3])
            else { return nil }
            boxes.append(box)
        }
        var selected = TileSelection.all
        if version > 1 {
            guard let read = selection(in: bytes, version: version) else { return nil }
            selected = read
        }
        return WriteScope.Part(
            target, EntryKinds(rawValue: UInt16(kinds)), boxes: boxes, selection: selected)
    }
}
