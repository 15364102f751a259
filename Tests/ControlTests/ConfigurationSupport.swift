import Glibc

@testable import Control
@testable import Reactor

/// A resolver without a network: names in `.test` have addresses, but for `missing.test`.
struct TableResolver: NameResolver {
    func addresses(of host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
        if let numeric = SocketAddress(ip: host) { return [numeric.with(port: port)] }
        switch host {
        case "tiles.test": return [SocketAddress(ipv4: 0xC000_0201, port: port)]
        case "both.test":
            return [
                SocketAddress(high: 0x2001_0DB8_0000_0000, low: 1, port: port),
                SocketAddress(ipv4: 0xC000_0202, port: port),
            ]
        default: throw ResolutionError(host: host, reason: "Name or service not known")
        }
    }
}

/// What a file and flags come to.
func reading(
    _ text: String = "", _ change: (inout ConfigurationFlags) -> Void = { _ in }
) -> ConfigurationReading {
    var flags = ConfigurationFlags()
    change(&flags)
    let file = text.isEmpty ? "" : "edge.yaml"
    return Configuration.read(text: text, named: file, flags: flags, resolver: TableResolver())
}

/// What is found wrong, one line each.
func findings(
    _ text: String = "", _ change: (inout ConfigurationFlags) -> Void = { _ in }
) -> [String] {
    reading(text, change).findings.map(\.description)
}

/// Files beside the tests, and those the project ships.
enum ProjectFiles {
    static let tests = String(#filePath.dropLast("ConfigurationSupport.swift".count))
    static let shippedConfiguration = tests + "../../conf/mapedge.yaml"

    static func text(_ path: String) throws -> String { try readTextFile(path) }
}

/// A test's own failure to prepare.
struct Unprepared: Error {
    var what: String
}

func writeTextFile(_ path: String, _ text: String) throws {
    let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard fd >= 0 else { throw Unprepared(what: "cannot write \(path)") }
    defer { close(fd) }
    let bytes = Array(text.utf8)
    guard write(fd, bytes, bytes.count) == bytes.count else {
        throw Unprepared(what: "cannot write all of \(path)")
    }
}

func removeFile(_ path: String) { unlink(path) }
