/// The text of a request that is its connection's last.
///
/// - Parameters:
///   - fields: lines without their ends.
///   - body: sent with its length; nil: there is none.
public func lastRequest(
    _ target: String, method: String = "GET", host: String = "edge.test", _ fields: [String] = [],
    body: String? = nil
) -> String {
    var lines = ["\(method) \(target) HTTP/1.1", "Host: \(host)"] + fields
    if let body { lines.append("Content-Length: \(body.utf8.count)") }
    lines.append("Connection: close")
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
}

extension Viewer {
    /// One request on a connection of its own.
    public static func ask(
        _ target: String, at port: UInt16, method: String = "GET", host: String = "edge.test",
        _ fields: [String] = [], body: String? = nil
    ) throws -> Response {
        var viewer = try Viewer(port: port)
        return try viewer.exchange(
            lastRequest(target, method: method, host: host, fields, body: body))
    }
}

extension Response {
    /// A number without labels, of the answer to `/metrics`.
    public func metric(_ name: String) throws -> Int {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name + " ") }),
            let value = line.split(separator: " ").last.flatMap({ Double($0) })
        else { throw WireError("/metrics has no \(name)") }
        return Int(value)
    }
}
