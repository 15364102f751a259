import Glibc
import HTTP

/// The bytes of a log as lines: a plain file, one that gzip has compressed, or a pipe of either.
struct LogSource {
    /// A longer line is no log's.
    private static let lineBytesMax = 1 << 20
    private static let partBytes = 65_536

    /// As messages name it.
    let name: String
    private var rest: [UInt8] = []
    private(set) var lineNumber = 0

    init(name: String) { self.name = name }

    /// Reads a descriptor to its end, and hands every line to `body`, without its end.
    ///
    /// A compressed file whose last member is cut off, as one that is being written may be, gives
    /// what it has; its lines are whole.
    mutating func read(
        _ fd: Int32, _ body: (String, Int) throws(CommandMistake) -> Void
    ) throws(CommandMistake) {
        var part = [UInt8](repeating: 0, count: Self.partBytes)
        var first = try fill(fd, &part, from: 0)
        // The magic number may come in two pieces out of a pipe.
        while first == 1 {
            let more = try fill(fd, &part, from: 1)
            if more == 0 { break }
            first += more
        }
        if first >= 2, part[0] == 0x1F, part[1] == 0x8B {
            try unzip(fd, &part, first, body)
        } else {
            var count = first
            while count > 0 {
                try take(part[..<count], body)
                count = try fill(fd, &part, from: 0)
            }
        }
        try end(body)
    }

    /// What came behind the last line's end.
    mutating func end(_ body: (String, Int) throws(CommandMistake) -> Void) throws(CommandMistake) {
        guard !rest.isEmpty else { return }
        lineNumber += 1
        let line = String(decoding: rest, as: UTF8.self)
        rest.removeAll()
        try body(line, lineNumber)
    }

    /// Forgets half a line, when a file was cut or is another one.
    mutating func forget() {
        rest.removeAll()
        lineNumber = 0
    }

    mutating func take(
        _ bytes: ArraySlice<UInt8>, _ body: (String, Int) throws(CommandMistake) -> Void
    ) throws(CommandMistake) {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 10) {
            rest += bytes[start..<end]
            start = end + 1
            lineNumber += 1
            let line = String(decoding: rest, as: UTF8.self)
            rest.removeAll(keepingCapacity: true)
            try body(line, lineNumber)
        }
        rest += bytes[start...]
        guard rest.count <= Self.lineBytesMax else {
            throw CommandMistake(
                "\(name):\(lineNumber + 1): the line is longer than 1 MiB; name an access log")
        }
    }

    private mutating func unzip(
        _ fd: Int32, _ part: inout [UInt8], _ first: Int,
        _ body: (String, Int) throws(CommandMistake) -> Void
    ) throws(CommandMistake) {
        // Nothing is kept of what comes out, so that its amount is no danger.
        guard var reader = GzipReader(limit: .max) else {
            throw CommandMistake("\(name): no memory to decompress it; end other programs")
        }
        var count = first
        while count > 0 {
            _ = try unzip(part[..<count], &reader, body)
            count = try fill(fd, &part, from: 0)
        }
        // A member that was cut off ends within a line.
        if !reader.isComplete { rest.removeAll() }
    }

    /// Takes what came next of a compressed log.
    ///
    /// - Returns: how far the members go that end in `part`, in bytes; 0 when none does.
    mutating func unzip(
        _ part: ArraySlice<UInt8>, _ reader: inout GzipReader,
        _ body: (String, Int) throws(CommandMistake) -> Void
    ) throws(CommandMistake) -> Int {
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.partBytes, alignment: 16)
        defer { unsafe room.deallocate() }
        var at = 0
        var whole = 0
        var isDone = false
        while !isDone {
            let step: GzipStep
            do throws(GzipError) {
                step = unsafe try reader.read(part.span.bytes.extracting(at...), into: room)
            } catch {
                throw CommandMistake(
                    "\(name): it is damaged behind line \(lineNumber) "
                        + "(\(Self.words(error))); fetch the file again")
            }
            at += step.consumed
            if reader.isComplete { whole = at }
            unsafe try take(Array(room[..<step.produced])[...], body)
            isDone = step.isDone
        }
        return whole
    }

    private static func words(_ error: GzipError) -> String {
        switch error {
        case .notGzip: "what follows is not gzip"
        case .corrupt: "its checksum or its data is wrong"
        case .overLimit: "it is larger than a log may be"
        }
    }

    private func fill(
        _ fd: Int32, _ part: inout [UInt8], from start: Int
    ) throws(CommandMistake) -> Int {
        while true {
            let count = unsafe part.withUnsafeMutableBytes {
                unsafe Glibc.read(fd, $0.baseAddress?.advanced(by: start), $0.count - start)
            }
            if count >= 0 { return count }
            if errno != EINTR {
                throw CommandMistake(
                    unsafe "\(name) cannot be read: \(String(cString: strerror(errno))); "
                        + "name a file, or - for standard input")
            }
        }
    }
}

/// Opens a log; `-` is standard input.
func openLog(_ path: String) throws(CommandMistake) -> Int32 {
    if path == "-" { return 0 }
    let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else {
        throw CommandMistake(
            unsafe "\(path) cannot be opened: \(String(cString: strerror(errno))); "
                + "check the path and that this user may read it")
    }
    return fd
}

/// Closes what `openLog` opened.
func closeLog(_ fd: Int32) { if fd > 0 { close(fd) } }
