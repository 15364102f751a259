import HTTP

extension HeadWriter {
    /// The status line; a status without a standard phrase gets none (RFC 9112 §4).
    mutating func append(status: Int) {
        if let line = HeadWriter.statusLine(status) {
            append(line)
        } else {
            append("HTTP/1.1 ")
            appendDecimal(UInt64(status))
            append(" \r\n")
        }
    }
}
