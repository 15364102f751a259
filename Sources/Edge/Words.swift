import HTTP

extension HeadWriter {
    /// The methods that are served; a 405 has to name them (RFC 9110 §15.5.6).
    mutating func appendAllow() {
        append("Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n")
    }

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
