import CloudFront

/// Any bytes as a standard access log, and any bytes as the values of a line: what is written is
/// one line of as many fields as there are, and read back it says the same.
struct LogProperty {
    /// Fields whose value is a viewer's or an origin's to choose.
    private static let texts: [LogField] = [
        .method, .uriStem, .referer, .userAgent, .uriQuery, .cookie, .hostHeader, .forwardedFor,
        .contentType,
    ]

    static func faults(_ input: [UInt8]) -> [String] {
        var reader = LogReader()
        // By scalars: CR and LF together are one Character, which is no end of a line here.
        for line in String(decoding: input, as: UTF8.self).unicodeScalars.split(separator: "\n") {
            guard case .record(let record) = reader.read(String(line)) else { continue }
            for field in LogField.allCases {
                _ = (record.text(field), record.number(field), record.milliseconds(field))
            }
            _ = (record.moment, record.target)
        }
        return faultsOfRoundTrip(input)
    }

    private static func faultsOfRoundTrip(_ input: [UInt8]) -> [String] {
        let step = input.count / texts.count + 1
        let values = texts.indices.map { Array(input.dropFirst($0 * step).prefix(step)) }
        let room = 3 * input.count + 512
        guard let line = written(values, room: room) else { return ["it does not fit"] }
        if written(values, room: line.count - 1) != nil { return ["it is written where it is cut"] }
        guard line.last == 10, line.count(where: { $0 == 9 }) == LogField.allCases.count - 1,
            line.dropLast().allSatisfy({ $0 == 9 || (32...126).contains($0) })
        else { return ["it is no line: \(line)"] }
        var reader = LogReader()
        _ = reader.read(LogField.header.split(separator: "\n")[1])
        guard
            case .record(let record) = reader.read(String(decoding: line.dropLast(), as: UTF8.self))
        else { return ["it is no record: \(line)"] }
        var faults: [String] = []
        for (field, value) in zip(texts, values) {
            // A `-` of the viewer's looks like none.
            let isAbsent = value.isEmpty || value == [UInt8(ascii: "-")]
            let expected = isAbsent ? nil : String(decoding: value, as: UTF8.self)
            if record.text(field) != expected {
                faults.append("\(field) is \(record.text(field) ?? "absent")")
            }
        }
        if record.number(.status) != 404 || record.milliseconds(.timeTaken) != 1_234
            || record.moment != 1_500_000_000_000
        {
            faults.append("status, time or moment is another")
        }
        return faults
    }

    private static func written(_ values: [[UInt8]], room: Int) -> [UInt8]? {
        var memory = [UInt8](repeating: 0xA5, count: room + 8)
        let count = memory.withUnsafeMutableBytes { memory in
            var line = LogLine(UnsafeMutableRawBufferPointer(rebasing: memory[..<room]))
            line.append(moment: 1_500_000_000_000)
            for field in LogField.allCases.dropFirst(2) {
                switch field {
                case .status: line.append(status: 404)
                case .timeTaken: line.append(field, milliseconds: 1_234)
                case .bytesSent: line.append(field, decimal: 77)
                default:
                    if let index = texts.firstIndex(of: field) {
                        let value = values[index]
                        line.append(field, value.span.bytes)
                    } else {
                        line.append(absent: field)
                    }
                }
            }
            return line.end()
        }
        guard memory[room...].allSatisfy({ $0 == 0xA5 }) else { return Array("overrun".utf8) }
        return count.map { Array(memory[..<$0]) }
    }
}
