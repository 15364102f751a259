import Foundation
import Reactor

/// An authority and what it signed, made by the `openssl` command in a directory that goes with
/// the process; each test run has its own.
struct Certificates: Sendable {
    static let made = Result { try Certificates() }

    static func get() throws -> Certificates { try made.get() }

    let directory: String

    private init() throws {
        directory =
            FileManager.default.temporaryDirectory
            .appending(path: "mapedge-certificates-\(getpid())").path
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let directory = directory
        Leftovers.remember(directory)
        try makeAuthority("root", commonName: "Test Root")
        try makeAuthority("stranger", commonName: "Strange Root")
        try sign("edge", by: "root", names: ["edge.test", "www.edge.test"])
        try sign("wild", by: "root", names: ["*.maps.test"])
        try sign("wide", by: "root", names: ["*.test", "edge.test"])
        try sign("address", by: "root", names: [], addresses: ["127.0.0.1"])
        try sign("expired", by: "root", names: ["edge.test"], days: -1)
        try sign("viewer", by: "root", names: [], subject: "/O=Atlas/CN=Ada Viewer")
        try sign("intruder", by: "stranger", names: [], subject: "/CN=Ivan")
        try openssl([
            "ec", "-aes128", "-passout", "pass:secret", "-in", path("edge.key"),
            "-out", path("locked.key"),
        ])
        try openssl(["genrsa", "-out", path("rsa.key"), "2048"])
        try Data("no certificate\n".utf8).write(to: URL(filePath: path("text.pem")))
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func pair(_ name: String) -> TLSKeyPair {
        TLSKeyPair(chainFile: path("\(name).pem"), keyFile: path("\(name).key"))
    }

    private func makeAuthority(_ name: String, commonName: String) throws {
        try openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", path("\(name).key"), "-out", path("\(name).pem"), "-days", "2",
            "-subj", "/CN=\(commonName)",
        ])
    }

    private func sign(
        _ name: String, by authority: String, names: [String], addresses: [String] = [],
        subject: String? = nil, days: Int = 2
    ) throws {
        let alternatives = names.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
        var request = [
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", path("\(name).key"), "-out", path("\(name).csr"),
            "-subj", subject ?? "/CN=\(name)",
        ]
        if !alternatives.isEmpty {
            request += ["-addext", "subjectAltName=\(alternatives.joined(separator: ","))"]
        }
        try openssl(request)
        try openssl([
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(authority).pem"),
            "-CAkey", path("\(authority).key"), "-CAcreateserial", "-days", "\(days)",
            "-copy_extensions", "copy", "-out", path("\(name).pem"),
        ])
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failed(arguments: arguments) }
    }

    struct Failed: Error {
        let arguments: [String]
    }
}

/// Removes a directory when the process ends.
private enum Leftovers {
    nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?  // set once, by one

    static func remember(_ directory: String) {
        path = strdup(directory)
        atexit {
            guard let path = Leftovers.path else { return }
            try? FileManager.default.removeItem(atPath: String(cString: path))
        }
    }
}
